/** How often, or how much, something happened: a header that reads as a sentence, and its details. */
import { IconPlus } from '@tabler/icons-react';
import { currencySign } from '../../shared/format';
import { useWho } from '../../shared/kit/session';
import { t } from '../../shared/strings';
import type { Condition, EventType, Group } from '../../shared/types/segment-types';
import css from './rule.module.css';
import valuesCss from './values.module.css';
import { FieldName, type RowProps } from './ConditionRow';
import { sentenceCase } from './criteria';
import { updateCondition, useEditor } from './editor';
import { GroupBody } from './GroupBody';
import { LazyPanel, MenuEntries } from './LazyPanel';
import { useNote } from './notes';
import { RowFrame } from './RowFrame';
import { Choice } from './values/Choice';
import { NumberBox } from './values/NumberBox';

type EventCondition = Condition & { value: Group };

const COUNTED = 'count';
const unmeasured = (mode: string) => mode === 'some' || mode === 'none';

export function EventRow({ node, scope, held }: RowProps<EventCondition>) {
  const editor = useEditor();
  const event = editor.criteria.events.get(node.field)!;
  const locked = held || Boolean(node.disabled);
  const label = sentenceCase(event.verb);
  const { words } = useNote(node.id!);
  return (
    <RowFrame node={node} label={label} scope={scope} locked={locked} held={held}
      below={
        <div className={css.details}>
          {words && <p className={css.said}>{sentenceCase(words)}</p>}
          <GroupBody group={node.value} scope={event.name} depth={1} held={locked} />
          <AddDetail event={event} node={node} locked={locked} />
        </div>
      }>
      <FieldName node={node} label={label} scope={scope} locked={locked} />
      <span data-value className={valuesCss.value}>
        <HowOften event={event} node={node} label={label} locked={locked} />
      </span>
      <span className={valuesCss.unit}>{t.event.where}</span>
      {node.value.rules.length > 1 && (
        <Choice quiet label={t.builder.combine} value={node.value.combinator} disabled={locked}
          options={[{ value: 'and', label: `${t.builder.all.toLowerCase()} ${t.builder.allOf}` }, { value: 'or', label: `${t.builder.any.toLowerCase()} ${t.builder.anyOf}` }]}
          onChange={(combinator) => updateCondition(editor, node.id!, { value: { ...node.value, combinator } })} />
      )}
    </RowFrame>
  );
}

interface HowOftenProps {
  event: EventType;
  node: EventCondition;
  label: string;
  locked: boolean;
}

function HowOften({ event, node, label, locked }: HowOftenProps) {
  const editor = useEditor();
  const { currency } = useWho();
  const mode = node.match!.mode as string;
  const measured = node.meta as { aggregate?: string; of?: string } | undefined;
  const of = event.fields.find(({ name }) => name === measured?.of);
  const modes = event.modes.filter((name) => !measured?.aggregate || !unmeasured(name));
  const setMode = (next: string) =>
    updateCondition(editor, node.id!, {
      match: unmeasured(next) ? { mode: next as 'some' } : { mode: next as 'atLeast', threshold: node.match!.threshold ?? 1 },
    });
  return (
    <>
      <Choice quiet label={t.event.mode(label)} value={mode} disabled={locked} onChange={setMode}
        options={modes.map((name) => ({ value: name, label: t.event.modes[name] ?? name }))} />
      {!unmeasured(mode) && (
        <>
          <NumberBox label={t.event.threshold(label)} value={node.match!.threshold} min={0} disabled={locked}
            {...(of?.unit === 'money' && measured?.aggregate !== 'distinct' && { before: currencySign(currency) })}
            onChange={(threshold) => updateCondition(editor, node.id!, { match: { ...node.match!, threshold: threshold === '' ? null : threshold } }, 'threshold')} />
          <Measure event={event} node={node} label={label} locked={locked} />
        </>
      )}
    </>
  );
}

/** Times, or an aggregate of one of the event's fields. */
function Measure({ event, node, label, locked }: HowOftenProps) {
  const editor = useEditor();
  const fieldLabel = (name: string) => event.fields.find((field) => field.name === name)?.label ?? name;
  const aggregates = event.aggregates.flatMap(({ name: how, of }) =>
    of.map((name) => ({ value: `${how} ${name}`, label: t.event.measureOf(t.event.of[how] ?? how, fieldLabel(name)) })));
  const { aggregate, of } = (node.meta ?? {}) as { aggregate?: string; of?: string };
  const choose = (choice: string) => {
    const [how, name] = choice.split(' ');
    editor.update(node.id!, (before) => {
      const { meta: _, ...rest } = before as Condition;
      return choice === COUNTED ? rest : { ...rest, meta: { aggregate: how, of: name } };
    });
  };
  return (
    <Choice quiet label={t.event.measure(label)} value={aggregate ? `${aggregate} ${of}` : COUNTED} disabled={locked}
      options={[{ value: COUNTED, label: t.event.times }, ...aggregates]} onChange={choose} />
  );
}

function AddDetail({ event, node, locked }: { event: EventType; node: EventCondition; locked: boolean }) {
  const editor = useEditor();
  const entries = event.fields.map((field) => ({
    label: sentenceCase(field.label),
    icon: null,
    onClick: () => editor.addDetail(node.id!, field),
  }));
  return (
    <LazyPanel role="menu" label={t.event.addDetail} className={css.add} disabled={locked} attributes={{ 'data-add': '' }}
      button={<><IconPlus size={14} aria-hidden="true" /> {t.event.addDetail}</>}>
      {(close) => <MenuEntries close={close} entries={entries} />}
    </LazyPanel>
  );
}
