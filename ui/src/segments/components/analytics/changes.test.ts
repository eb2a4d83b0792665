import { expect, test } from 'vitest';
import { changed } from './changes';

const told = (sentence: string, ...words: string[]) => ({ sentence, conditions: words.map((each, at) => ({ path: [at], words: each, kept: 0, dropped: 0 })) });

test('conditions that went come first, then those that came', () => {
  expect(changed(told('a and b', 'a', 'b'), told('a and c', 'a', 'c'))).toEqual([{ added: false, words: 'b' }, { added: true, words: 'c' }]);
});

test('another combination of the same conditions shows both sentences', () => {
  expect(changed(told('a and b', 'a', 'b'), told('a or b', 'a', 'b'))).toEqual([{ added: false, words: 'a and b' }, { added: true, words: 'a or b' }]);
});

test('what says the same has not changed', () => {
  expect(changed(told('a', 'a'), told('a', 'a'))).toEqual([]);
});
