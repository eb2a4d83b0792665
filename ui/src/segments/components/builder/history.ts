/** The rule being edited, with what it was: undo and redo. */
import type { Group } from '../../shared/types/segment-types';

const KEPT = 200;

export interface History {
  past: Group[];
  present: Group;
  future: Group[];
  /** What the last edit was to; typing on in one place is one step to undo. */
  place: string;
}

export type Step =
  | { kind: 'edit'; change: (rule: Group) => Group; place?: string }
  | { kind: 'undo' }
  | { kind: 'redo' };

export const historyOf = (rule: Group): History => ({ past: [], present: rule, future: [], place: '' });

export function stepped(history: History, step: Step): History {
  const { past, present, future } = history;
  switch (step.kind) {
    case 'edit': {
      const next = step.change(present);
      if (next === present) return history;
      const place = step.place ?? '';
      const goesOn = place !== '' && place === history.place;
      return { past: goesOn ? past : [...past.slice(1 - KEPT), present], present: next, future: [], place };
    }
    case 'undo': {
      const before = past.at(-1);
      return before ? { past: past.slice(0, -1), present: before, future: [present, ...future], place: '' } : history;
    }
    case 'redo': {
      const [after, ...rest] = future;
      return after ? { past: [...past, present], present: after, future: rest, place: '' } : history;
    }
  }
}
