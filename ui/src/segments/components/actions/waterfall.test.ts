import { expect, test } from 'vitest';
import { waterfall } from './waterfall';

test('each bar begins where the one before it ends, down to the recipients', () => {
  const steps = waterfall({ members: 200, without_consent: 50, suppressed: 20, holdout: 13, recipients: 117 });
  expect(steps.map(({ name, from, size }) => [name, from, size])).toEqual([
    ['members', 0, 100],
    ['without_consent', 75, 25],
    ['suppressed', 65, 10],
    ['holdout', 58.5, 6.5],
    ['recipients', 0, 58.5],
  ]);
});

test('of nobody there is nothing to draw', () => {
  expect(waterfall({ members: 0, without_consent: 0, suppressed: 0, holdout: 0, recipients: 0 }).every(({ size }) => size === 0)).toBe(true);
});
