/**
 * A button whose menu, or panel, is made when it is opened: five hundred rows have one each, and
 * hardly any is ever opened.
 */
import { Popover } from '@mantine/core';
import { useRef, useState, type ReactNode } from 'react';
import css from './panels.module.css';

interface LazyPanelProps {
  label: string;
  className?: string | undefined;
  button: ReactNode;
  disabled?: boolean | undefined;
  /** Whether the panel is a menu or something else, such as a list to search. */
  role: 'menu' | 'dialog';
  width?: number;
  attributes?: Record<string, string>;
  children: (close: () => void) => ReactNode;
}

export function LazyPanel({ label, className, button, disabled, role, width, attributes, children }: LazyPanelProps) {
  const [open, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => setOpen(false);
  const closeAndReturn = () => {
    close();
    opener.current?.focus();
  };
  const trigger = (
    <button ref={opener} type="button" className={className} aria-label={label} aria-haspopup={role} aria-expanded={open} disabled={disabled}
      onClick={() => setOpen(!open)} {...attributes}>
      {button}
    </button>
  );
  return (
    <span className={css.panel}>
      {trigger}
      {open && (
        <Popover opened position="bottom-start" trapFocus width={width ?? 'max-content'} onDismiss={close} shadow="md" withRoles={false}
          middlewares={{ flip: true, shift: true, size: { padding: 12, apply: ({ availableHeight, elements }) => elements.floating.style.setProperty('--room', `${availableHeight}px`) } }}>
          <Popover.Target><span className={css.anchor} aria-hidden="true" /></Popover.Target>
          <Popover.Dropdown p={4} role={role} aria-label={label} onKeyDown={(event) => event.key === 'Escape' && closeAndReturn()}>
            {children(closeAndReturn)}
          </Popover.Dropdown>
        </Popover>
      )}
    </span>
  );
}

export interface MenuEntry {
  label: string;
  icon: ReactNode;
  onClick: () => void;
  keys?: string;
  danger?: boolean;
}

/** The entries of a menu; arrow keys go through them. */
export function MenuEntries({ entries, close }: { entries: MenuEntry[]; close: () => void }) {
  const list = useRef<HTMLDivElement>(null);
  const go = (by: number) => {
    const items = [...list.current!.querySelectorAll<HTMLElement>('[role=menuitem]')];
    const at = items.indexOf(document.activeElement as HTMLElement);
    items.at((at + by + items.length) % items.length)?.focus();
  };
  return (
    <div ref={list} className={css.menu} onKeyDown={(event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) {
        event.preventDefault();
        go(by);
      }
    }}>
      {entries.map(({ label, icon, onClick, keys, danger }, at) => (
        <button key={label} type="button" role="menuitem" className={css.entry} data-danger={danger || undefined} data-autofocus={at === 0 || undefined}
          onClick={() => {
            close();
            onClick();
          }}>
          {icon}
          <span>{label}</span>
          {keys && <kbd aria-hidden="true">{keys}</kbd>}
        </button>
      ))}
    </div>
  );
}
