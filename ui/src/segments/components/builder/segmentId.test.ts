import { expect, it } from 'vitest';
import { idOf, isId } from './segmentId';

it.each([
  ['Win-back campaign', 'win-back-campaign'],
  ['  Fête à Genève! ', 'fete-a-geneve'],
  ['VIP & wine 🍷 2026', 'vip-wine-2026'],
  ['<script>', 'script'],
  ['שלום', ''],
])('%s becomes %s', (name, id) => {
  expect(idOf(name)).toBe(id);
});

it('makes only ids that are ids', () => {
  expect(isId(idOf('x'.repeat(62) + ' y z'))).toBe(true);
  expect(isId('')).toBe(false);
  expect(isId('Not-One')).toBe(false);
});
