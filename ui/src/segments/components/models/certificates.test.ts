import { expect, test } from 'vitest';
import { standingOf } from './certificates';

const certified = { certified: true, level: 0.95, confidence: 0.95, threshold: 0.6, expires: '2026-09-29', words: '' } as const;

test('a certificate counts until the day on which it ends', () => {
  expect(standingOf(certified, '2026-09-28')).toBe('certified');
  expect(standingOf(certified, '2026-09-29')).toBe('expired');
});

test('what was withdrawn counts no more', () => {
  expect(standingOf(certified, '2026-05-01', true)).toBe('withdrawn');
  expect(standingOf({ certified: false, words: '' }, '2026-05-01', true)).toBe('notCertified');
});

test('what was never proven does not expire', () => {
  expect(standingOf({ certified: false, words: '' }, '2030-01-01')).toBe('notCertified');
});
