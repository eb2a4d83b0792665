/** How the rule is shown, and steps back and forth in its history. */
import { ActionIcon, SegmentedControl, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { t } from '../../shared/strings';
import type { Bench, View } from './Workbench';

const VIEWS = Object.entries(t.builder.view).map(([value, label]) => ({ value: value as View, label }));

export function EditTools({ bench: { editor, canUndo, canRedo, view, setView } }: { bench: Bench }) {
  return (
    <>
      <SegmentedControl size="xs" aria-label={t.builder.views} data={VIEWS} value={view} onChange={(value) => setView(value as View)} />
      <Tool label={t.builder.undo} keys="Control+Z" disabled={!canUndo} onClick={editor.undo} icon={<IconArrowBackUp size={17} />} />
      <Tool label={t.builder.redo} keys="Control+Shift+Z" disabled={!canRedo} onClick={editor.redo} icon={<IconArrowForwardUp size={17} />} />
    </>
  );
}

interface ToolProps {
  label: string;
  keys?: string;
  disabled?: boolean;
  onClick: () => void;
  icon: ReactNode;
}

export function Tool({ label, keys, disabled = false, onClick, icon }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={30} aria-label={label} aria-keyshortcuts={keys} disabled={disabled} onClick={onClick}>{icon}</ActionIcon>
    </Tooltip>
  );
}
