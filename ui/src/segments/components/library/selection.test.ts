import { expect, it } from 'vitest';
import type { Segment } from '../../shared/types/segment-types';
import { selected, tagsOf, type Wanted } from './selection';

const segment = (id: string, more: Partial<Segment>): Segment => ({
  id, name: id, description: '', kind: '', owner: '', version: 1, saved_at: '', tags: [], editable: false, rule: { combinator: 'and', rules: [] },
  sentence: '', count: 1, share: null, entered: null, left: null, trend: [], unavailable: '', ...more,
});
const segments = [
  segment('Zebra', { count: 5, tags: ['wine'], editable: true, saved_at: '2026-02-01' }),
  segment('apple', { count: null, kind: 'model', sentence: 'Guests whose churn risk is high.' }),
  segment('Élan', { count: 9, tags: ['mail', 'wine'], entered: 3, left: 4, editable: true, saved_at: '2026-03-01' }),
];
const names = (wanted: Partial<Wanted>) => selected(segments, { text: '', kind: 'all', tag: '', sort: 'name', ...wanted }).map(({ id }) => id);

it('sorts as people do, and puts the uncounted last', () => {
  expect(names({})).toEqual(['apple', 'Élan', 'Zebra']);
  expect(names({ sort: 'size' })).toEqual(['Élan', 'Zebra', 'apple']);
  expect(names({ sort: 'moved' })).toEqual(['Élan', 'apple', 'Zebra']);
  expect(names({ sort: 'saved' })).toEqual(['Élan', 'Zebra', 'apple']);
});

it('narrows by kind, tag and every word', () => {
  expect(names({ kind: 'own' })).toEqual(['Élan', 'Zebra']);
  expect(names({ kind: 'model' })).toEqual(['apple']);
  expect(names({ kind: 'shipped' })).toEqual([]);
  expect(names({ tag: 'mail' })).toEqual(['Élan']);
  expect(names({ text: 'RISK churn' })).toEqual(['apple']);
  expect(names({ text: 'risk wine' })).toEqual([]);
});

it('lists each tag once', () => expect(tagsOf(segments)).toEqual(['mail', 'wine']));
