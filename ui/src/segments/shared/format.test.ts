import { describe, expect, it } from 'vitest';
import { numberIn } from './format';

describe('a typed number', () => {
  it.each([
    ['1234.5', '.', 1234.5], ['1,234.5', '.', 1234.5], ['1,234', '.', 1234], ['12,5', '.', 12.5], ['.5', '.', 0.5], ['-3', '.', -3],
    ['1234,5', ',', 1234.5], ['1.234,5', ',', 1234.5], ['1.234', ',', 1234], ['1.5', ',', 1.5], ['1 234,5', ',', 1234.5], ['12,', ',', 12],
  ])('%s with the decimal sign %s is %d', (text, decimal, number) => expect(numberIn(text, decimal)).toBe(number));

  it.each(['', '-', 'ten', '1.2.3', '1e5', '5 €'])('“%s” is none', (text) => expect(numberIn(text, '.')).toBeUndefined());
});
