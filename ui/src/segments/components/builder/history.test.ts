import { expect, it } from 'vitest';
import type { Group } from '../../shared/types/segment-types';
import { historyOf, stepped, type History } from './history';

const rule = (n: number): Group => ({ id: 'root', combinator: 'and', rules: [{ id: 'a', field: 'age', operator: '=', value: n }] });
const to = (history: History, n: number, place?: string) => stepped(history, { kind: 'edit', change: () => rule(n), ...(place && { place }) });
const undo = (history: History) => stepped(history, { kind: 'undo' });
const redo = (history: History) => stepped(history, { kind: 'redo' });

it('goes back and forth over 150 steps', () => {
  let history = historyOf(rule(0));
  for (let n = 1; n <= 150; n++) history = to(history, n);
  for (let n = 149; n >= 0; n--) {
    history = undo(history);
    expect(history.present).toEqual(rule(n));
  }
  expect(undo(history)).toBe(history);
  for (let n = 1; n <= 150; n++) history = redo(history);
  expect(history.present).toEqual(rule(150));
  expect(redo(history)).toBe(history);
});

it('takes typing on in one place as one step', () => {
  let history = to(historyOf(rule(0)), 1, 'a value');
  history = to(history, 12, 'a value');
  history = to(history, 123, 'a value');
  history = to(history, 5, 'b value');
  expect(undo(history).present).toEqual(rule(123));
  expect(undo(undo(history)).present).toEqual(rule(0));
});

it('forgets what was undone once something else is done', () => {
  const history = to(undo(to(historyOf(rule(0)), 1)), 2);
  expect(history.future).toEqual([]);
  expect(undo(history).present).toEqual(rule(0));
});

it('is no step where nothing changed', () => {
  const history = historyOf(rule(0));
  expect(stepped(history, { kind: 'edit', change: (same) => same })).toBe(history);
});
