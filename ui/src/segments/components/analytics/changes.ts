/** What changed from one rule to another, condition by condition. */
import type { Preview } from '../../shared/types/segment-types';

export interface Change {
  added: boolean;
  words: string;
}

type Told = Pick<Preview, 'sentence' | 'conditions'>;

/**
 * Return the conditions that went, then those that came. Where only the way they are combined is
 * another, the old and the new sentence are what changed; of rules that say the same, nothing is.
 */
export function changed(before: Told, after: Told): Change[] {
  if (before.sentence === after.sentence) return [];
  const [was, is] = [before, after].map(({ conditions }) => conditions.map(({ words }) => words)) as [string[], string[]];
  const found = [
    ...was.filter((words) => !is.includes(words)).map((words) => ({ added: false, words })),
    ...is.filter((words) => !was.includes(words)).map((words) => ({ added: true, words })),
  ];
  return found.length ? found : [{ added: false, words: before.sentence }, { added: true, words: after.sentence }];
}
