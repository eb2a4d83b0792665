/** The head of the builder: what is edited, and what can be done with all of it. */
import { ActionIcon, Badge, Button, SegmentedControl, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconArrowForwardUp, IconArrowLeft, IconChartBar, IconHistory } from '@tabler/icons-react';
import { Link } from 'wouter';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import css from './builder.module.css';
import type { Editor } from './editor';

export type View = keyof typeof t.builder.view;

const VIEWS = Object.entries(t.builder.view).map(([value, label]) => ({ value: value as View, label }));

interface BuilderBarProps {
  segment: Segment | undefined;
  editor: Editor;
  canUndo: boolean;
  canRedo: boolean;
  unsaved: boolean;
  view: View;
  onView: (view: View) => void;
  onVersions: () => void;
  /** Absent where the person may not save. */
  onSave: ((asCopy: boolean) => void) | undefined;
  canSave: boolean;
}

export function BuilderBar({ segment, editor, canUndo, canRedo, unsaved, view, onView, onVersions, onSave, canSave }: BuilderBarProps) {
  const over = segment?.editable ?? false;
  return (
    <div className={css.toolbar}>
      <Tooltip label={t.builder.back}>
        <ActionIcon component={Link} href="/" variant="subtle" color="gray" size={32} aria-label={t.builder.back}><IconArrowLeft size={18} /></ActionIcon>
      </Tooltip>
      <div className={css.titles}>
        <h1 className={css.title} dir="auto">{segment?.name ?? t.builder.newTitle}</h1>
        {segment && !segment.editable && onSave && <span className={css.subtitle}>{t.builder.shipped}</span>}
        {unsaved && <Badge variant="light" color="yellow" tt="none" className={css.unsaved}>{t.builder.unsaved}</Badge>}
      </div>
      <div className={css.tools}>
        <SegmentedControl size="xs" aria-label={t.builder.views} data={VIEWS} value={view} onChange={(value) => onView(value as View)} />
        <Tool label={t.builder.undo} keys="Control+Z" disabled={!canUndo} onClick={editor.undo} icon={<IconArrowBackUp size={17} />} />
        <Tool label={t.builder.redo} keys="Control+Shift+Z" disabled={!canRedo} onClick={editor.redo} icon={<IconArrowForwardUp size={17} />} />
        {segment && (
          <Tooltip label={t.builder.insights}>
            <ActionIcon component={Link} href={`/${encodeURIComponent(segment.id)}/insights`} variant="subtle" color="gray" size={30} aria-label={t.builder.insights}><IconChartBar size={17} /></ActionIcon>
          </Tooltip>
        )}
        {over && <Tool label={t.builder.versions} onClick={onVersions} icon={<IconHistory size={17} />} />}
        {onSave && over && <Button size="xs" variant="default" onClick={() => onSave(true)} disabled={!canSave} className={css.copy}>{t.builder.saveCopy}</Button>}
        {onSave && <Button size="xs" onClick={() => onSave(!over)} disabled={!canSave}>{segment && !over ? t.builder.saveCopy : t.builder.save}</Button>}
      </div>
    </div>
  );
}

interface ToolProps {
  label: string;
  keys?: string;
  disabled?: boolean;
  onClick: () => void;
  icon: React.ReactNode;
}

function Tool({ label, keys, disabled = false, onClick, icon }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size={30} aria-label={label} aria-keyshortcuts={keys} disabled={disabled} onClick={onClick}>{icon}</ActionIcon>
    </Tooltip>
  );
}
