import { Combobox, createTheme, Drawer, Menu, Modal, Notification, Popover, type MantineColorsTuple } from '@mantine/core';
import { t } from './segments/shared/strings';

/** The one accent: a herb green that holds 4.5:1 on both backgrounds in the shades used for text. */
const herb: MantineColorsTuple = [
  '#eef6f2', '#dcebe4', '#b8d8ca', '#92c4af', '#72b398', '#5da888', '#4c9c7b', '#3a8567', '#2b6d54', '#1c5240',
];
/** Warm greys: paper rather than steel. */
const gray: MantineColorsTuple = [
  '#faf9f7', '#f3f2ee', '#eae8e3', '#dddad4', '#c6c2bb', '#a29d95', '#68635c', '#57524c', '#3c3834', '#242120',
];
const dark: MantineColorsTuple = [
  '#e4e1dc', '#c3beb7', '#a7a29a', '#746f69', '#4a4642', '#393633', '#2b2927', '#211f1e', '#191817', '#121111',
];

/** What opens over a view belongs to the view: it is drawn in the page's main part. */
const inView = { portalProps: { target: '#content' } };

const closeButtonProps = { 'aria-label': t.close };
/** The head of a dialog is not the head of the page. */
const dialog = { attributes: { header: { role: 'presentation' } }, closeButtonProps };

export const theme = createTheme({
  colors: { herb, gray, dark },
  primaryColor: 'herb',
  primaryShade: 8,
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: '620', sizes: { h1: { fontSize: '1.625rem', lineHeight: '1.25' }, h2: { fontSize: '1.0625rem', lineHeight: '1.4' } } },
  respectReducedMotion: true,
  components: {
    Combobox: Combobox.extend({ defaultProps: inView }),
    Drawer: Drawer.extend({ defaultProps: dialog }),
    // A menu holds entries only: without the placeholder its first entry takes the focus.
    Menu: Menu.extend({ defaultProps: { ...inView, withInitialFocusPlaceholder: false } }),
    Modal: Modal.extend({ defaultProps: dialog }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps } }),
    Popover: Popover.extend({ defaultProps: inView }),
  },
});
