/** Palette, rule and live count, and everything that keeps them together; nothing is saved here. */
import { Drawer } from '@mantine/core';
import { useLayoutEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { t } from '../../shared/strings';
import type { Group } from '../../shared/types/segment-types';
import css from './builder.module.css';
import ruleCss from './rule.module.css';
import { CountBar } from './CountBar';
import { CriteriaSelector } from './CriteriaSelector';
import type { Criteria } from './criteria';
import { EditorContext, useRuleEditor } from './editor';
import { Notes, NotesContext } from './notes';
import { PreviewPanel } from './PreviewPanel';
import { RuleBuilder } from './RuleBuilder';
import { RuleJson, RuleSql } from './RuleText';
import { Sentence } from './Sentence';
import { conditionsIn, depthOf } from './ruleTree';
import { usePreview } from './usePreview';

const WIDE = 76 * 16; // pixels from which on the count stands beside the rule; `builder.module.css` says the same

export type View = keyof typeof t.builder.view;

/** Return a rule that is edited, `changed` already or not: its history, how it is shown, and its count. */
export function useWorkbench(initial: Group, criteria: Criteria, changed?: Group) {
  const edited = useRuleEditor(initial, criteria, changed);
  const notes = useMemo(() => new Notes(), []);
  const preview = usePreview(edited.rule, criteria, notes);
  const [view, setView] = useState<View>('rule');
  return { ...edited, criteria, notes, preview, view, setView };
}

export type Bench = ReturnType<typeof useWorkbench>;

interface WorkbenchProps {
  bench: Bench;
  readOnly: boolean;
  /** Above it all: what can be done with the rule. */
  bar: ReactNode;
}

export function Workbench({ bench: { editor, rule, criteria, notes, preview, view }, readOnly, bar }: WorkbenchProps) {
  const [opened, setOpened] = useState(false);
  const { ref, wide } = useWide();
  return (
    <EditorContext value={editor}>
      <NotesContext value={notes}>
        <div className={css.builder} ref={ref}>
          {bar}
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
          {!wide && <CountBar preview={preview} onOpen={() => setOpened(true)} />}
        </div>
        <Drawer opened={opened && !wide} onClose={() => setOpened(false)} position="bottom" size="85%" title={t.preview.sample}>
          <PreviewPanel preview={preview} />
        </Drawer>
      </NotesContext>
    </EditorContext>
  );
}

/** Whether the builder itself has room for three columns: a notebook's cell is narrower than its window. */
function useWide() {
  const ref = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(true);
  useLayoutEffect(() => {
    const builder = ref.current!;
    const measure = () => setWide(builder.clientWidth >= WIDE);
    measure();
    const seen = new ResizeObserver(measure);
    seen.observe(builder);
    return () => seen.disconnect();
  }, []);
  return { ref, wide };
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
