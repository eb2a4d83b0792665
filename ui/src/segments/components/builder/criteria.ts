/** What the catalog says, by name, and the conditions that it lets a person begin with. */
import { generateID } from '@react-querybuilder/core';
import { t } from '../../shared/strings';
import type { Catalog, Condition, EventType, Field, Group, Node, Operator, ValueShape } from '../../shared/types/segment-types';
import { childrenOf, isEvent, isGroup } from './ruleTree';

/** One entry of the palette. */
export interface Criterion {
  name: string;
  label: string;
  description: string;
  unavailable: string;
  /** What the search looks through. */
  text: string;
}

export interface CriterionGroup {
  label: string;
  criteria: Criterion[];
}

/** The catalog, ready to be asked by name. */
export interface Criteria {
  catalog: Catalog;
  fields: ReadonlyMap<string, Field>;
  events: ReadonlyMap<string, EventType>;
  operators: ReadonlyMap<string, Operator>;
  groups: CriterionGroup[];
}

export const MEMBERSHIPS = 'memberships';
export const SEGMENT = 'segment';

const byName = <T extends { name: string }>(items: T[]) => new Map(items.map((item) => [item.name, item]));

export function criteriaOf(catalog: Catalog): Criteria {
  return {
    catalog,
    fields: byName(catalog.fields),
    events: byName(catalog.events),
    operators: byName(catalog.operators),
    groups: groupsOf(catalog),
  };
}

function groupsOf(catalog: Catalog): CriterionGroup[] {
  const groups = new Map<string, Criterion[]>();
  for (const field of catalog.fields) {
    groups.set(field.group, [...(groups.get(field.group) ?? []), criterion(field.name, sentenceCase(field.label), field.description, field.unavailable)]);
  }
  const events = catalog.events.filter(({ name }) => name !== MEMBERSHIPS).map((event) => criterion(event.name, sentenceCase(event.verb), t.palette.eventOf(event)));
  const segments = [
    criterion(SEGMENT, t.palette.inSegment, t.palette.inSegmentHelp),
    criterion(MEMBERSHIPS, t.palette.memberships, t.palette.membershipsHelp),
  ];
  return [
    ...[...groups].map(([label, criteria]) => ({ label, criteria })),
    { label: t.palette.events, criteria: events },
    { label: t.palette.segments, criteria: segments },
  ];
}

function criterion(name: string, label: string, description: string, unavailable = ''): Criterion {
  const text = `${label} ${description} ${name.replaceAll('_', ' ')}`.toLocaleLowerCase();
  return { name, label, description, unavailable: sentenceCase(unavailable), text };
}

export const sentenceCase = (text: string) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

/** Return the groups with only what every word of `search` is found in. */
export function found(groups: CriterionGroup[], search: string): CriterionGroup[] {
  const words = search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return groups;
  return groups
    .map((group) => ({ ...group, criteria: group.criteria.filter(({ text }) => words.every((word) => text.includes(word))) }))
    .filter(({ criteria }) => criteria.length > 0);
}

/** Return the criterion that `search` means most likely: one called so, else the first that is found. */
export function bestFound(groups: CriterionGroup[], search: string): Criterion | undefined {
  const usable = found(groups, search).flatMap(({ criteria }) => criteria).filter(({ unavailable }) => !unavailable);
  const wanted = search.trim().toLocaleLowerCase();
  return usable.find(({ label }) => label.toLocaleLowerCase().startsWith(wanted)) ?? usable[0];
}

/** Return a new condition on what the palette calls `name`. */
export function newCondition(criteria: Criteria, name: string): Condition {
  const event = criteria.events.get(name);
  if (name === MEMBERSHIPS) return newMembership();
  if (event) return newEventCondition(criteria, event);
  if (name === SEGMENT) return { id: generateID(), field: SEGMENT, operator: 'in', value: [] };
  return newFieldCondition(criteria, criteria.fields.get(name)!);
}

export function newFieldCondition(criteria: Criteria, field: Field): Condition {
  const operator = firstOperator(field);
  return { id: generateID(), field: field.name, operator, value: emptyValue(shapeOf(criteria, operator), field) };
}

/** The comparison that people mean most often for a kind, where the field has it. */
const USUAL: Partial<Record<Field['kind'], string>> = { number: '>=', date: 'withinLast', list: 'hasAny' };

function firstOperator(field: Field): string {
  const usual = field.choices.length > 1 ? 'in' : USUAL[field.kind];
  return usual && field.operators.includes(usual) ? usual : (field.operators[0] ?? '=');
}

function newEventCondition(criteria: Criteria, event: EventType): Condition {
  const dated = event.fields.find(({ kind }) => kind === 'date') ?? event.fields[0]!;
  const detail = { ...newFieldCondition(criteria, dated), ...(dated.kind === 'date' && { value: { n: 90, unit: 'day' } }) };
  const value: Group = { id: generateID(), combinator: 'and', rules: [detail] };
  return { id: generateID(), field: event.name, operator: '=', match: { mode: 'atLeast', threshold: 1 }, value };
}

function newMembership(): Condition {
  const detail = (field: string, operator: string, value: unknown) => ({ id: generateID(), field, operator, value });
  const rules = [
    detail('segment', 'in', []),
    detail('change', '=', 'entered'),
    detail('occurred_at', 'withinLast', { n: 7, unit: 'day' }),
  ];
  return { id: generateID(), field: MEMBERSHIPS, operator: '=', match: { mode: 'some' }, value: { id: generateID(), combinator: 'and', rules } };
}

export const shapeOf = (criteria: Criteria, operator: string): ValueShape => criteria.operators.get(operator)?.value ?? 'one';

/** Return the value that a condition has before anybody said one. */
export function emptyValue(shape: ValueShape, field: Pick<Field, 'kind'>): unknown {
  switch (shape) {
    case 'none':
      return null;
    case 'two':
      return ['', ''];
    case 'list':
      return [];
    case 'period':
      return { n: 30, unit: 'day' };
    case 'ago':
      return { from: 30, to: 60, unit: 'day' };
    case 'month':
      return 'this';
    default:
      return field.kind === 'boolean' ? true : '';
  }
}

/** Return the condition with another operator; its value is kept where the new one takes it. */
export function withOperator(criteria: Criteria, condition: Condition, operator: string, field: Field): Condition {
  const [before, after] = [shapeOf(criteria, condition.operator), shapeOf(criteria, operator)];
  const value = before === after ? condition.value : carried(condition.value, before, after) ?? emptyValue(after, field);
  return { ...condition, operator, value };
}

function carried(value: unknown, before: ValueShape, after: ValueShape): unknown {
  if (before === 'one' && after === 'list') return value === '' ? [] : [value];
  if (before === 'list' && after === 'one') return (value as unknown[])[0];
  if (before === 'one' && after === 'two') return [value, ''];
  if (before === 'two' && after === 'one') return (value as unknown[])[0];
  return undefined;
}

/** Return whether a condition still lacks what it compares with. */
export function isIncomplete(criteria: Criteria, condition: Condition): boolean {
  const { value } = condition;
  switch (shapeOf(criteria, condition.operator)) {
    case 'none':
      return false;
    case 'two':
      return !Array.isArray(value) || value.length < 2 || value.some((part) => part === '' || part === null);
    case 'list':
      return Array.isArray(value) ? value.length === 0 : !value;
    case 'period':
      return !(value?.n > 0);
    case 'ago':
      return typeof value?.from !== 'number' || typeof value?.to !== 'number';
    default:
      return value === '' || value === null || value === undefined;
  }
}

/**
 * Return the rule with what is not filled in yet muted, so that the rest can be counted meanwhile,
 * and the ids of what was. Paths stay as they are.
 */
export function countable(criteria: Criteria, root: Group): { rule: Group; left: string[] } {
  const left: string[] = [];
  const visit = (node: Node): Node => {
    if (node.muted) return node;
    if (!isGroup(node) && lacksItself(criteria, node)) {
      left.push(node.id!);
      return { ...node, muted: true };
    }
    const children = childrenOf(node);
    const rules = children.map(visit);
    if (rules.every((child, at) => child === children[at])) return node;
    if (rules.every((child) => child.muted)) return { ...node, muted: true };
    return isGroup(node) ? { ...node, rules } : { ...node, value: { ...node.value, rules } };
  };
  return { rule: { ...root, rules: root.rules.map(visit) }, left };
}

/** Without a number an event is not asked; a change of segment needs all of its details. */
function lacksItself(criteria: Criteria, node: Condition): boolean {
  if (!isEvent(node)) return isIncomplete(criteria, node);
  if (node.field === MEMBERSHIPS) return node.value.rules.some((detail: Node) => !isGroup(detail) && isIncomplete(criteria, detail));
  return node.match?.threshold === null;
}

/** Return whether anything of the rule can be counted. */
export const asksSomething = (root: Group): boolean => root.rules.some((node) => !node.muted);
