import { describe, expect, it } from 'vitest';
import type { Catalog, Condition, Field, Group } from '../../shared/types/segment-types';
import { asksSomething, bestFound, countable, criteriaOf, found, isIncomplete, newCondition, withOperator } from './criteria';

const field = (name: string, kind: Field['kind'], operators: string[], more: Partial<Field> = {}): Field => ({
  name, kind, label: name.replaceAll('_', ' '), group: 'Behavioural', description: `About ${name}.`, unit: '', choices: [], operators,
  suggests: false, unavailable: '', model: null, ...more,
});

const catalog: Catalog = {
  fields: [
    field('spend', 'number', ['=', '>=', 'between', 'in', 'null', 'topPercent'], { unit: 'money' }),
    field('tier', 'text', ['=', 'in'], { group: 'Engagement', choices: ['silver', 'gold'] }),
    field('last_order_at', 'date', ['=', 'withinLast', 'agoBetween', 'inMonth']),
    field('email_opt_in', 'boolean', ['=']),
  ],
  events: [
    {
      name: 'orders', label: 'orders', verb: 'ordered', modes: ['atLeast', 'none'], aggregates: [],
      fields: [field('amount', 'number', ['>=']), field('ordered_at', 'date', ['withinLast'])],
    },
    { name: 'memberships', label: 'changes', verb: 'entered or left', modes: ['some'], aggregates: [], fields: [] },
  ],
  operators: (
    [['=', 'one'], ['>=', 'one'], ['between', 'two'], ['in', 'list'], ['null', 'none'], ['topPercent', 'share'], ['withinLast', 'period'], ['agoBetween', 'ago'], ['inMonth', 'month']] as const
  ).map(([name, value]) => ({ name, label: name, value, kinds: [] })),
  segments: [],
  limits: { depth: 20, conditions: 500 },
};
const criteria = criteriaOf(catalog);
const condition = (name: string, operator: string, value: unknown): Condition => ({ id: name, field: name, operator, value });

describe('the palette', () => {
  it('has every criterion once, in the catalog’s groups and order', () => {
    const all = criteria.groups.map(({ label, criteria: some }) => [label, some.map(({ name }) => name)]);
    expect(all).toEqual([
      ['Behavioural', ['spend', 'last_order_at', 'email_opt_in']],
      ['Engagement', ['tier']],
      ['What they did', ['orders']],
      ['Segments', ['segment', 'memberships']],
    ]);
  });

  it('finds by any words of name and description, and drops empty groups', () => {
    const names = (search: string) => found(criteria.groups, search).flatMap(({ criteria: some }) => some.map(({ name }) => name));
    expect(names('ABOUT spend')).toEqual(['spend']);
    expect(names('last order')).toEqual(['last_order_at']);
    expect(names('nothing of it')).toEqual([]);
  });

  it('takes, on Enter, the one that is called so before one that only speaks of it', () => {
    const [group] = criteria.groups;
    const speaks = { ...group!.criteria[1]!, name: 'speaks', text: 'about spend' };
    expect(bestFound([{ label: 'all', criteria: [speaks, ...group!.criteria] }], 'Spend')?.name).toBe('spend');
    expect(bestFound(criteria.groups, 'about last')?.name).toBe('last_order_at');
    expect(bestFound(criteria.groups, 'nothing of it')).toBeUndefined();
  });
});

describe('a new condition', () => {
  it.each([
    ['spend', '>=', ''],
    ['tier', 'in', []],
    ['last_order_at', 'withinLast', { n: 30, unit: 'day' }],
    ['email_opt_in', '=', true],
    ['segment', 'in', []],
  ])('on %s begins with %s', (name, operator, value) => {
    expect(newCondition(criteria, name)).toMatchObject({ field: name, operator, value });
  });

  it('on an event counts its rows of the last 90 days', () => {
    expect(newCondition(criteria, 'orders')).toMatchObject({
      field: 'orders', match: { mode: 'atLeast', threshold: 1 },
      value: { rules: [{ field: 'ordered_at', operator: 'withinLast', value: { n: 90, unit: 'day' } }] },
    });
  });
});

describe('another operator', () => {
  it.each([
    ['>=', 5, 'between', [5, '']],
    ['between', [5, 9], '>=', 5],
    ['=', 5, 'in', [5]],
    ['in', [5, 6], '=', 5],
    ['>=', 5, '=', 5],
    ['>=', 5, 'null', null],
    ['null', null, 'between', ['', '']],
    ['>=', 5, 'topPercent', ''],
  ])('after %s %j, %s has %j', (before, value, after, expected) => {
    const changed = withOperator(criteria, condition('spend', before, value), after, catalog.fields[0]!);
    expect(changed.value).toEqual(expected);
  });
});

describe('a condition that is not filled in', () => {
  it.each([
    ['>=', '', true], ['>=', 0, false], ['between', [1, ''], true], ['between', [0, 0], false], ['in', [], true], ['in', ['x'], false],
    ['null', null, false], ['withinLast', { n: '', unit: 'day' }, true], ['agoBetween', { from: 0, to: 5, unit: 'day' }, false],
    ['agoBetween', { from: '', to: 5, unit: 'day' }, true], ['=', false, false],
  ])('%s %j: %s', (operator, value, expected) => {
    expect(isIncomplete(criteria, condition('spend', operator, value))).toBe(expected);
  });

  const group = (...rules: Group['rules']): Group => ({ id: 'g', combinator: 'and', rules });

  it('is muted for the count, paths staying as they are, and named', () => {
    const whole = condition('spend', '>=', 5);
    const { rule, left } = countable(criteria, group(condition('tier', 'in', []), whole));
    expect(left).toEqual(['tier']);
    expect(rule.rules).toMatchObject([{ muted: true }, { field: 'spend' }]);
    expect(rule.rules[1]).toBe(whole);
  });

  it('takes its group along where nothing else is in it, so that “empty” is never counted', () => {
    const { rule } = countable(criteria, group(group(condition('tier', 'in', []))));
    expect(rule.rules[0]).toMatchObject({ muted: true });
    expect(asksSomething(rule)).toBe(false);
  });

  it('is a whole change of segment where any detail is missing, and an event without its number', () => {
    const entered = newCondition(criteria, 'memberships');
    const ordered = { ...newCondition(criteria, 'orders'), match: { mode: 'atLeast' as const, threshold: null } };
    const { rule, left } = countable(criteria, group(entered, ordered));
    expect(left).toEqual([entered.id, ordered.id]);
    expect(rule.rules).toMatchObject([{ muted: true }, { muted: true }]);
  });

  it('does not hide a group that somebody left empty: the service says so', () => {
    expect(asksSomething(countable(criteria, group(group())).rule)).toBe(true);
  });
});
