/**
 * What is known of each condition, by its id: its problems, whom it keeps, its words. It lives
 * outside React's state so that an answer redraws only the rows it says something new of.
 */
import { createContext, use, useSyncExternalStore } from 'react';
import type { Group, Preview } from '../../shared/types/segment-types';
import { nodeAt } from './ruleTree';

export interface Note {
  problems: { message: string; hint: string }[];
  kept: number | null;
  dropped: number | null;
  words: string;
  incomplete: boolean;
}

const NOTHING: Note = { problems: [], kept: null, dropped: null, words: '', incomplete: false };

export class Notes {
  private byId = new Map<string, Note>();
  private readonly listeners = new Set<() => void>();

  of = (id: string): Note => this.byId.get(id) ?? NOTHING;

  subscribe = (told: () => void) => {
    this.listeners.add(told);
    return () => void this.listeners.delete(told);
  };

  /** Take the answer about `rule` in; `left` are the conditions that were left out of it. */
  take(rule: Group, answer: Preview | undefined, left: string[]): void {
    const next = new Map<string, Note>();
    const noteAt = (path: (number | string)[]): Note => {
      // A problem of something that is no part of the rule is a problem of all of it.
      const id = nodeAt(rule, path.map(Number))?.id ?? rule.id!;
      if (!next.has(id)) next.set(id, { ...NOTHING, problems: [] });
      return next.get(id)!;
    };
    for (const { path, kept, dropped, words } of answer?.conditions ?? []) Object.assign(noteAt(path), { kept, dropped, words });
    for (const { path, message, hint = '' } of answer?.problems ?? []) noteAt(path).problems.push({ message, hint });
    for (const id of left) next.set(id, { ...(next.get(id) ?? NOTHING), incomplete: true });
    // Equal notes stay the same objects: their rows are not drawn again.
    for (const [id, note] of next) {
      const before = this.byId.get(id);
      if (before && JSON.stringify(before) === JSON.stringify(note)) next.set(id, before);
    }
    this.byId = next;
    for (const told of this.listeners) told();
  }
}

export const NotesContext = createContext(new Notes());

export function useNote(id: string): Note {
  const notes = use(NotesContext);
  return useSyncExternalStore(notes.subscribe, () => notes.of(id));
}
