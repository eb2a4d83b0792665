import { expect, it } from 'vitest';
import type { Condition, Group, Node } from '../../shared/types/segment-types';
import { criteriaOf } from './criteria';
import { added, dropped, duplicated, moved, removed, wrapped } from './edits';
import { isGroup } from './ruleTree';

const criteria = criteriaOf({ fields: [], events: [], operators: [], segments: [], limits: { depth: 20, conditions: 500 } });
const leaf = (id: string): Condition => ({ id, field: id, operator: '=', value: 1 });
const rule: Group = { id: 'root', combinator: 'and', rules: [leaf('a'), { id: 'g', combinator: 'or', rules: [leaf('b')] }] };
const fields = (node: Node): unknown => (isGroup(node) ? node.rules.map(fields) : node.field);

it('adds at the end of a group, with the focus on the value', () => {
  const edited = added(criteria, rule, 'g', leaf('x'));
  expect(fields(edited.rule)).toEqual(['a', ['b', 'x']]);
  expect(edited).toMatchObject({ focus: { id: 'x', part: 'value' }, said: 'X added' });
});

it('removes, with the focus on what takes the place, or on the group that is left empty', () => {
  expect(removed(criteria, rule, 'a')).toMatchObject({ rule: { rules: [{ id: 'g' }] }, focus: { id: 'g' }, said: 'A removed' });
  expect(removed(criteria, rule, 'b').focus).toEqual({ id: 'g', part: 'handle' });
  expect(removed(criteria, rule, 'root').rule).toBe(rule);
});

it('duplicates a whole group under new ids', () => {
  const edited = duplicated(criteria, rule, 'g');
  expect(fields(edited.rule)).toEqual(['a', ['b'], ['b']]);
  const ids = JSON.stringify(edited.rule).match(/"id":"[^"]+"/g)!;
  expect(new Set(ids).size).toBe(ids.length);
});

it('wraps a condition, which keeps the focus', () => {
  const edited = wrapped(rule, 'a');
  expect(fields(edited.rule)).toEqual([['a'], ['b']]);
  expect(edited.focus).toEqual({ id: 'a', part: 'handle' });
});

it('says where a node went, and that it could go no further', () => {
  expect(moved(criteria, rule, 'a', 'in')).toMatchObject({ said: 'A moved into the group', focus: { id: 'a' } });
  expect(moved(criteria, rule, 'a', 'up')).toEqual({ rule, said: 'A can go no further that way' });
});

it.each([
  ['before', 'a', [['b'], 'a']],
  ['after', 'a', ['a', ['b']]],
  ['first', 'root', [['b'], 'a']],
  ['last', 'root', ['a', ['b']]],
] as const)('drops a group %s %s', (place, id, expected) => {
  expect(fields(dropped(criteria, rule, { kind: 'node', id: 'g', scope: '' }, { id, place }).rule)).toEqual(expected);
});

it('drops a criterion into a group as a new condition', () => {
  const edited = dropped(criteria, rule, { kind: 'criterion', name: 'segment', scope: '' }, { id: 'b', place: 'before' });
  expect(fields(edited.rule)).toEqual(['a', ['segment', 'b']]);
});
