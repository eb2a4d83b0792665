/** The builder of a segment: the workbench, what saves its rule, and what keeps it from being lost. */
import { notifications } from '@mantine/notifications';
import { useEffect, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { Headed } from '../../shared/kit/headed';
import { useLeavingGuard } from '../../shared/kit/leaving';
import { mayEdit, useWho } from '../../shared/kit/session';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import { BuilderBar } from './BuilderBar';
import { keptDraft, useKeptDraft } from './draft';
import type { Criteria } from './criteria';
import { SaveDialog } from './SaveDialog';
import { emptyGroup, toWire } from './ruleTree';
import { useUndoKeys } from './useUndoKeys';
import { VersionsDrawer } from './VersionsDrawer';
import { useWorkbench, Workbench } from './Workbench';

interface SegmentBuilderProps {
  criteria: Criteria;
  /** The segment that is changed; absent where a new one is made. */
  segment?: Segment | undefined;
}

type Dialog = 'save' | 'copy' | 'versions' | null;

export function SegmentBuilder({ criteria, segment }: SegmentBuilderProps) {
  const who = useWho();
  const [, goTo] = useLocation();
  const initial = useMemo(() => segment?.rule ?? emptyGroup(), [segment]);
  const [kept] = useState(() => keptDraft(segment?.id));
  const bench = useWorkbench(initial, criteria, kept?.rule);
  const { rule, preview, editor } = bench;
  const [dialog, setDialog] = useState<Dialog>(null);
  const readOnly = !mayEdit(who);
  const wire = useMemo(() => toWire(rule), [rule]);
  const saved = useMemo(() => JSON.stringify(toWire(initial)), [initial]);
  const unsaved = useMemo(() => JSON.stringify(wire) !== saved, [wire, saved]);
  const version = kept ? kept.version : segment?.version;
  const release = useLeavingGuard(unsaved);
  const dropDraft = useKeptDraft(segment?.id, useMemo(() => (unsaved ? { rule: wire, version } : undefined), [unsaved, wire, version]));
  const canSave = rule.rules.length > 0 && preview.left === 0 && preview.answer?.count != null;
  useUndoKeys(editor, window);
  useEffect(() => {
    if (kept) notifications.show({ id: 'draft', message: t.builder.draftBack });
  }, [kept]);
  useEffect(() => {
    document.title = `${segment?.name ?? t.builder.newTitle} · ${t.title}`;
  }, [segment?.name]);

  const close = () => setDialog(null);
  const onSaved = (made: Segment) => {
    close();
    release();
    dropDraft();
    notifications.show({ message: t.save.saved(made.name) });
    goTo(`/${encodeURIComponent(made.id)}/edit`, { replace: made.id === segment?.id });
  };

  return (
    <Headed value>
      <Workbench bench={bench} readOnly={readOnly}
        bar={<BuilderBar segment={segment} bench={bench} unsaved={unsaved} canSave={canSave}
          onVersions={() => setDialog('versions')} onSave={readOnly ? undefined : (asCopy) => setDialog(asCopy ? 'copy' : 'save')} />} />
      {dialog === 'save' && <SaveDialog segment={segment && { ...segment, version: version ?? segment.version }} name="" rule={wire} onClose={close}
        onCopy={() => setDialog('copy')} onReload={dropDraft} onSaved={onSaved} />}
      {dialog === 'copy' && <SaveDialog name={segment ? t.library.copyName(segment.name) : ''} rule={wire} onClose={close} onSaved={onSaved} />}
      {dialog === 'versions' && segment && <VersionsDrawer segment={segment} mayRestore={!readOnly} onClose={close} onRestored={onSaved} />}
    </Headed>
  );
}
