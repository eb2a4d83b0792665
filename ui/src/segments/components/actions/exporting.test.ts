import { expect, test } from 'vitest';
import { askedExport, rowsOf, type Draft } from './exporting';

const draft: Draft = { fields: ['email'], channel: 'email', above: null, by: 'lifetime_spend' };
const counted = { count: 120, reachable: { email: 80, sms: 30 } };

test('a channel takes only whom it may reach', () => {
  expect(rowsOf(draft, counted)).toBe(80);
  expect(rowsOf({ ...draft, channel: 'all' }, counted)).toBe(120);
  expect(rowsOf({ ...draft, channel: 'sms' }, { count: null, reachable: {} })).toBe(0);
});

test('what was chosen is what is asked, and no channel is null', () => {
  expect(askedExport('vip', { ...draft, channel: 'all', above: 'top' }, 10)).toEqual({ segment: 'vip', fields: ['email'], channel: null, split: false, top: { n: 10, by: 'lifetime_spend' } });
  expect(askedExport('vip', { ...draft, above: 'split' }, 10)).toMatchObject({ channel: 'email', split: true, top: null });
});
