/** The builder: palette, rule and live count, and everything that keeps them together. */
import { Drawer } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useEffect, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { Headed } from '../../shared/kit/headed';
import { useLeavingGuard } from '../../shared/kit/leaving';
import { mayEdit, useWho } from '../../shared/kit/session';
import { t } from '../../shared/strings';
import type { Group, Segment } from '../../shared/types/segment-types';
import { BuilderBar, type View } from './BuilderBar';
import css from './builder.module.css';
import ruleCss from './rule.module.css';
import { CountBar } from './CountBar';
import { CriteriaSelector } from './CriteriaSelector';
import { keptDraft, useKeptDraft } from './draft';
import type { Criteria } from './criteria';
import { EditorContext, useRuleEditor } from './editor';
import { Notes, NotesContext } from './notes';
import { PreviewPanel } from './PreviewPanel';
import { RuleBuilder } from './RuleBuilder';
import { RuleJson, RuleSql } from './RuleText';
import { SaveDialog } from './SaveDialog';
import { Sentence } from './Sentence';
import { conditionsIn, depthOf, emptyGroup, toWire } from './ruleTree';
import { usePreview } from './usePreview';
import { useUndoKeys } from './useUndoKeys';
import { VersionsDrawer } from './VersionsDrawer';

interface SegmentBuilderProps {
  criteria: Criteria;
  /** The segment that is changed; absent where a new one is made. */
  segment?: Segment | undefined;
}

type Dialog = 'save' | 'copy' | 'versions' | 'customers' | null;

export function SegmentBuilder({ criteria, segment }: SegmentBuilderProps) {
  const who = useWho();
  const [, goTo] = useLocation();
  const initial = useMemo(() => segment?.rule ?? emptyGroup(), [segment]);
  const [kept] = useState(() => keptDraft(segment?.id));
  const { editor, rule, canUndo, canRedo } = useRuleEditor(initial, criteria, kept?.rule);
  const notes = useMemo(() => new Notes(), []);
  const preview = usePreview(rule, criteria, notes);
  const [view, setView] = useState<View>('rule');
  const [dialog, setDialog] = useState<Dialog>(null);
  const wide = useMediaQuery('(min-width: 76em)', true, { getInitialValueInEffect: false });
  const readOnly = !mayEdit(who);
  const wire = useMemo(() => toWire(rule), [rule]);
  const saved = useMemo(() => JSON.stringify(toWire(initial)), [initial]);
  const unsaved = useMemo(() => JSON.stringify(wire) !== saved, [wire, saved]);
  const version = kept ? kept.version : segment?.version;
  const release = useLeavingGuard(unsaved);
  const dropDraft = useKeptDraft(segment?.id, useMemo(() => (unsaved ? { rule: wire, version } : undefined), [unsaved, wire, version]));
  const canSave = rule.rules.length > 0 && preview.left === 0 && preview.answer?.count != null;
  useUndoKeys(editor);
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
    <EditorContext value={editor}>
      <NotesContext value={notes}>
        <Headed value>
          <div className={css.builder}>
            <BuilderBar segment={segment} editor={editor} canUndo={canUndo} canRedo={canRedo} unsaved={unsaved} view={view} onView={setView} canSave={canSave}
              onVersions={() => setDialog('versions')} onSave={readOnly ? undefined : (asCopy) => setDialog(asCopy ? 'copy' : 'save')} />
            <div className={css.columns}>
              {!readOnly && <div className={css.side}><CriteriaSelector /></div>}
              <div className={css.canvas}>
                <Sentence words={preview.answer?.sentence || (rule.rules.length ? t.builder.sentenceLater : t.builder.noSentence)} />
                <Limits rule={rule} criteria={criteria} />
                {view === 'rule' && <RuleBuilder rule={rule} readOnly={readOnly} />}
                {view === 'sql' && <RuleSql rule={preview.asked} />}
                {view === 'json' && <RuleJson rule={rule} readOnly={readOnly} />}
              </div>
              {wide && <div className={css.preview}><PreviewPanel preview={preview} /></div>}
            </div>
            {!wide && <CountBar preview={preview} onOpen={() => setDialog('customers')} />}
          </div>
          <Drawer opened={dialog === 'customers' && !wide} onClose={close} position="bottom" size="85%" title={t.preview.sample}>
            <PreviewPanel preview={preview} />
          </Drawer>
          {dialog === 'save' && <SaveDialog segment={segment && { ...segment, version: version ?? segment.version }} name="" rule={wire} onClose={close}
            onCopy={() => setDialog('copy')} onReload={dropDraft} onSaved={onSaved} />}
          {dialog === 'copy' && <SaveDialog name={segment ? t.library.copyName(segment.name) : ''} rule={wire} onClose={close} onSaved={onSaved} />}
          {dialog === 'versions' && segment && <VersionsDrawer segment={segment} mayRestore={!readOnly} onClose={close} onRestored={onSaved} />}
        </Headed>
      </NotesContext>
    </EditorContext>
  );
}

/** What is too much of a rule, said before the service refuses it. */
function Limits({ rule, criteria }: { rule: Group; criteria: Criteria }) {
  const { depth, conditions } = criteria.catalog.limits;
  const words = useMemo(() => {
    const n = conditionsIn(rule);
    return [n > conditions && t.builder.tooMany(n, conditions), depthOf(rule) > depth && t.builder.tooDeep(depth)].filter((text) => text !== false);
  }, [rule, depth, conditions]);
  return words.map((text) => <p key={text} className={ruleCss.problem} role="alert">{text}</p>);
}

