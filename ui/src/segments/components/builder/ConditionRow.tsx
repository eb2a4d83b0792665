/** One condition, drawn by what it is about: a field, an event, another segment, a change of segment. */
import { memo } from 'react';
import { t } from '../../shared/strings';
import type { Condition, Field } from '../../shared/types/segment-types';
import ruleCss from './rule.module.css';
import css from './values.module.css';
import { MEMBERSHIPS, newCondition, SEGMENT, sentenceCase, shapeOf, withOperator } from './criteria';
import { CriterionList } from './CriterionList';
import { fieldOf, updateCondition, useEditor } from './editor';
import { EventRow } from './EventRow';
import { LazyPanel } from './LazyPanel';
import { ModelLine } from './ModelLine';
import { RowFrame } from './RowFrame';
import { isEvent } from './ruleTree';
import { MembershipRow, SegmentRow } from './SegmentRows';
import { Choice } from './values/Choice';
import { ValueEditor } from './ValueEditor';

export interface RowProps<C extends Condition = Condition> {
  node: C;
  /** The event whose detail it is, empty for a condition on the customer. */
  scope: string;
  /** A group around it is locked. */
  held: boolean;
}

export const ConditionRow = memo(function ConditionRow({ node, scope, held }: RowProps) {
  const { criteria } = useEditor();
  if (isEvent(node)) {
    if (node.field === MEMBERSHIPS) return <MembershipRow node={node} scope={scope} held={held} />;
    if (criteria.events.has(node.field)) return <EventRow node={node} scope={scope} held={held} />;
  }
  if (!scope && node.field === SEGMENT) return <SegmentRow node={node} scope={scope} held={held} />;
  const field = fieldOf(criteria, scope, node.field);
  return field ? <FieldRow node={node} scope={scope} held={held} field={field} /> : <UnknownRow node={node} scope={scope} held={held} />;
});

function FieldRow({ node, scope, held, field }: RowProps & { field: Field }) {
  const editor = useEditor();
  const { criteria } = editor;
  const locked = held || Boolean(node.disabled);
  const label = sentenceCase(field.label);
  const operators = field.operators.map((name) => ({ value: name, label: criteria.operators.get(name)?.label ?? name }));
  return (
    <RowFrame node={node} label={label} scope={scope} locked={locked} held={held}
      below={field.model && <ModelLine field={field} node={node} locked={locked} />}>
      <FieldName node={node} label={label} description={field.description} scope={scope} locked={locked} />
      <Choice quiet label={t.builder.operator(label)} value={node.operator} options={operators} disabled={locked}
        onChange={(operator) => editor.update(node.id!, () => withOperator(criteria, node, operator, field))} />
      <span data-value className={css.value}>
        <ValueEditor shape={shapeOf(criteria, node.operator)} field={field} event={scope} label={label} value={node.value} disabled={locked}
          onChange={(value) => updateCondition(editor, node.id!, { value }, 'value')} />
      </span>
    </RowFrame>
  );
}

interface FieldNameProps {
  node: Condition;
  label: string;
  description?: string;
  scope: string;
  locked: boolean;
}

/** The name of a condition's criterion; pressing it chooses another. */
export function FieldName({ node, label, description, scope, locked }: FieldNameProps) {
  const editor = useEditor();
  if (scope) return <span className={ruleCss.fieldName}>{label}</span>;
  return (
    <LazyPanel role="dialog" label={t.builder.field(label)} className={ruleCss.field} disabled={locked} width={340} button={label}
      attributes={description ? { title: description } : {}}>
      {(close) => (
        <CriterionList groups={editor.criteria.groups} onPick={(name) => {
          close();
          if (name !== node.field) editor.update(node.id!, () => ({ ...newCondition(editor.criteria, name), id: node.id! }));
        }} />
      )}
    </LazyPanel>
  );
}

/** A field that the catalog does not have: what it was called, so that it can be put right. */
function UnknownRow({ node, scope, held }: RowProps) {
  const label = t.builder.removedField(node.field);
  const locked = held || Boolean(node.disabled);
  return (
    <RowFrame node={node} label={label} scope={scope} locked={locked} held={held}>
      <FieldName node={node} label={label} scope={scope} locked={locked} />
      <span className={css.unit}>{node.operator}</span>
      <code>{JSON.stringify(node.value)}</code>
    </RowFrame>
  );
}
