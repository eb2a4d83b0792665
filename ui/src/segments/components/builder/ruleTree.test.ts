import { formatQuery, prepareRuleGroup } from '@react-querybuilder/core';
import { describe, expect, it } from 'vitest';
import type { Condition, Group, Node } from '../../shared/types/segment-types';
import {
  changedAt, childrenOf, conditionsIn, depthOf, insertedAt, isGroup, movedTo, nodeAt, pathOf, removedAt, stepOf, toWire, withNewIds, type Direction,
} from './ruleTree';

const leaf = (id: string): Condition => ({ id, field: id, operator: '=', value: 1 });
const group = (id: string, ...rules: Node[]): Group => ({ id, combinator: 'and', rules });
const event = (id: string, ...rules: Node[]): Condition => ({
  id, field: 'orders', operator: '=', match: { mode: 'atLeast', threshold: 2 }, value: group(`${id}-where`, ...rules),
});
/** a, (b, c), e{f, g}, d */
const rule = () => group('root', leaf('a'), group('inner', leaf('b'), leaf('c')), event('e', leaf('f'), leaf('g')), leaf('d'));

/** The tree as text, so that a whole one is compared at once. */
const drawn = (node: Node): string => {
  const below = childrenOf(node).map(drawn).join(' ');
  return isGroup(node) ? `(${below})` : below ? `${node.id}{${below}}` : node.id!;
};

describe('paths', () => {
  it('continue into the details of an event, as the service’s do', () => {
    expect(pathOf(rule(), 'g')).toEqual([2, 1]);
    expect(nodeAt(rule(), [2, 1])?.id).toBe('g');
    expect(nodeAt(rule(), [7, 1])).toBeUndefined();
  });
});

describe('a change', () => {
  it('shares every node that it does not touch', () => {
    const before = rule();
    const after = changedAt(before, [1, 0], (node) => ({ ...node, muted: true }) as Node);
    expect(after.rules[0]).toBe(before.rules[0]);
    expect(after.rules[2]).toBe(before.rules[2]);
    expect((after.rules[1] as Group).rules[1]).toBe((before.rules[1] as Group).rules[1]);
    expect(before).toEqual(rule());
  });

  it('puts in and takes out, in groups and in events', () => {
    expect(drawn(insertedAt(rule(), [1, 1], leaf('x')))).toBe('(a (b x c) e{f g} d)');
    expect(drawn(insertedAt(rule(), [2, 2], leaf('x')))).toBe('(a (b c) e{f g x} d)');
    expect(drawn(removedAt(rule(), [2, 0]))).toBe('(a (b c) e{g} d)');
  });
});

describe('a move', () => {
  it.each([
    ['forward among siblings', [0], [4], '((b c) e{f g} d a)'],
    ['back among siblings', [3], [0], '(d a (b c) e{f g})'],
    ['into a group behind it', [0], [1, 1], '((b a c) e{f g} d)'],
    ['out of a group', [1, 0], [4], '(a (c) e{f g} d b)'],
    ['a whole group', [1], [4], '(a e{f g} d (b c))'],
    ['into itself: not at all', [1], [1, 0], '(a (b c) e{f g} d)'],
    ['to where it is', [0], [1], '(a (b c) e{f g} d)'],
  ])('%s', (_, from, to, expected) => {
    expect(drawn(movedTo(rule(), from, to))).toBe(expected);
  });

  const step = (tree: Group, id: string, direction: Direction) => {
    const path = pathOf(tree, id)!;
    const to = stepOf(tree, path, direction);
    return to ? drawn(movedTo(tree, path, to)) : undefined;
  };

  it.each<[string, Direction, string | undefined]>([
    ['d', 'up', '(a (b c) d e{f g})'],
    ['a', 'down', '((b c) a e{f g} d)'],
    ['a', 'in', '((a b c) e{f g} d)'],
    ['e', 'in', '(a (b c e{f g}) d)'],
    ['b', 'up', '(a b (c) e{f g} d)'],
    ['c', 'down', '(a (b) c e{f g} d)'],
    ['b', 'out', '(a (c) b e{f g} d)'],
    ['a', 'up', undefined],
    ['d', 'down', undefined],
    ['d', 'in', undefined],
    ['g', 'out', undefined],
    ['f', 'up', undefined],
    ['f', 'down', '(a (b c) e{g f} d)'],
  ])('of %s one step %s', (id, direction, expected) => {
    expect(step(rule(), id, direction)).toBe(expected);
  });

  it('does not go into a locked group', () => {
    const locked = changedAt(rule(), [1], (node) => ({ ...node, disabled: true }) as Node);
    expect(step(locked, 'a', 'in')).toBeUndefined();
  });

  it('loses and doubles nobody, wherever from and to', () => {
    const tree = rule();
    const paths = ['a', 'inner', 'b', 'c', 'e', 'd'].map((id) => pathOf(tree, id)!);
    for (const from of paths) {
      for (const to of paths) {
        expect(drawn(movedTo(tree, from, to)).replace(/[^a-g]/g, '').split('').sort().join('')).toBe('abcdefg');
      }
    }
  });
});

describe('the wire form', () => {
  it('carries no ids, and is react-querybuilder’s own', () => {
    const wire = toWire(rule());
    expect(JSON.stringify(wire)).not.toContain('"id"');
    expect(toWire(prepareRuleGroup(wire))).toEqual(wire);
    expect(JSON.parse(formatQuery(withNewIds(wire), 'json_without_ids'))).toEqual(wire);
  });

  it('is the same after new ids', () => {
    expect(toWire(withNewIds(rule()))).toEqual(toWire(rule()));
  });
});

it('counts conditions and levels as the service does', () => {
  expect(conditionsIn(rule())).toBe(7);
  expect(depthOf(rule())).toBe(2);
  expect(depthOf(group('root'))).toBe(1);
});
