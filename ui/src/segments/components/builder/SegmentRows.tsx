/** Conditions on segments: being in one, and having come into one or gone out of it lately. */
import { MultiSelect } from '@mantine/core';
import { t } from '../../shared/strings';
import type { Condition, Group } from '../../shared/types/segment-types';
import css from './values.module.css';
import { FieldName, type RowProps } from './ConditionRow';
import { updateCondition, useEditor } from './editor';
import { RowFrame } from './RowFrame';
import { Choice } from './values/Choice';
import { Period, type Span } from './values/Periods';

interface PickerProps {
  value: unknown;
  onChange: (ids: string[]) => void;
  disabled: boolean;
}

function SegmentPicker({ value, onChange, disabled }: PickerProps) {
  const { criteria } = useEditor();
  const chosen = (Array.isArray(value) ? value : value ? [value] : []) as string[];
  const known = new Set(criteria.catalog.segments.map(({ id }) => id));
  const data = [
    ...criteria.catalog.segments.map(({ id, name }) => ({ value: id, label: name })),
    ...chosen.filter((id) => !known.has(id)).map((id) => ({ value: id, label: id })),
  ];
  return (
    <span data-value className={css.value}>
      <MultiSelect size="xs" className={css.texts} searchable aria-label={t.membership.segments} placeholder={chosen.length ? '' : t.value.pickMany}
        data={data} value={chosen} disabled={disabled} onChange={onChange} openOnFocus={false} />
    </span>
  );
}

export function SegmentRow({ node, scope, held }: RowProps) {
  const editor = useEditor();
  const locked = held || Boolean(node.disabled);
  const label = t.palette.inSegment;
  return (
    <RowFrame node={node} label={label} scope={scope} locked={locked} held={held}>
      <FieldName node={node} label={label} scope={scope} locked={locked} />
      <Choice quiet label={t.builder.operator(label)} value={node.operator} disabled={locked}
        options={['in', 'notIn'].map((name) => ({ value: name, label: editor.criteria.operators.get(name)?.label ?? name }))}
        onChange={(operator) => updateCondition(editor, node.id!, { operator })} />
      <SegmentPicker value={node.value} disabled={locked} onChange={(value) => updateCondition(editor, node.id!, { value })} />
    </RowFrame>
  );
}

/** The three things that such a condition says, each in a detail of its own. */
function partsOf(value: Group): { segments: unknown; change: string; within: Span } {
  const said = (field: string) => (value.rules.find((rule) => 'field' in rule && rule.field === field) as Condition | undefined)?.value;
  return { segments: said('segment'), change: said('change') ?? '', within: said('occurred_at') ?? { n: 7, unit: 'day' } };
}

/** Return the group with one of the details said anew; an empty change means either. */
function withPart(value: Group, field: string, operator: string, said: unknown): Group {
  const others = value.rules.filter((rule) => !('field' in rule && rule.field === field));
  const before = value.rules.find((rule) => 'field' in rule && rule.field === field);
  return { ...value, rules: said === '' ? others : [...others, { ...before, field, operator, value: said }] };
}

const CHANGES = [
  { value: 'entered', label: t.membership.entered },
  { value: 'left', label: t.membership.left },
  { value: '', label: t.membership.either },
];
const MODES = [
  { value: 'some', label: t.membership.has },
  { value: 'none', label: t.membership.hasNot },
];

export function MembershipRow({ node, scope, held }: RowProps<Condition & { value: Group }>) {
  const editor = useEditor();
  const locked = held || Boolean(node.disabled);
  const label = t.palette.memberships;
  const { segments, change, within } = partsOf(node.value);
  const say = (field: string, operator: string, said: unknown) =>
    updateCondition(editor, node.id!, { value: withPart(node.value, field, operator, said) }, field);
  const mode = node.match?.mode === 'none' ? 'none' : 'some';
  return (
    <RowFrame node={node} label={label} scope={scope} locked={locked} held={held}>
      <FieldName node={node} label={label} scope={scope} locked={locked} />
      <Choice quiet label={t.membership.mode} value={mode} options={MODES} disabled={locked} onChange={(next) => updateCondition(editor, node.id!, { match: { mode: next as 'some' } })} />
      <Choice quiet label={t.membership.change} value={change} options={CHANGES} disabled={locked} onChange={(next) => say('change', '=', next)} />
      <SegmentPicker value={segments} disabled={locked} onChange={(ids) => say('segment', 'in', ids)} />
      <span className={css.unit}>{t.membership.within}</span>
      <Period label={label} value={within} disabled={locked} onChange={(span) => say('occurred_at', 'withinLast', span)} />
    </RowFrame>
  );
}
