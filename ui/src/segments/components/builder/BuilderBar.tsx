/** The head of the builder: what is edited, and what can be done with all of it. */
import { ActionIcon, Badge, Button, Tooltip } from '@mantine/core';
import { IconArrowLeft, IconChartBar, IconHistory } from '@tabler/icons-react';
import { Link } from 'wouter';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import css from './builder.module.css';
import { EditTools, Tool } from './EditTools';
import type { Bench } from './Workbench';

interface BuilderBarProps {
  segment: Segment | undefined;
  bench: Bench;
  unsaved: boolean;
  onVersions: () => void;
  /** Absent where the person may not save. */
  onSave: ((asCopy: boolean) => void) | undefined;
  canSave: boolean;
}

export function BuilderBar({ segment, bench, unsaved, onVersions, onSave, canSave }: BuilderBarProps) {
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
        <EditTools bench={bench} />
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
