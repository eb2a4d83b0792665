import { expect, test } from 'vitest';
import { dailyAt, timeOf } from './cron';

test('every day at a time is read and written', () => {
  expect(timeOf('0 5 * * *')).toBe('05:00');
  expect(timeOf(' 30  23 * * * ')).toBe('23:30');
  expect(dailyAt('05:00')).toBe('0 5 * * *');
  expect(timeOf(dailyAt('23:30'))).toBe('23:30');
});

test('any other line is no time of day', () => {
  for (const cron of ['0 5 * * 1', '*/5 * * * *', '0 24 * * *', '60 5 * * *', '']) expect(timeOf(cron)).toBeNull();
});
