/**
 * What is unsaved of a rule, kept in this tab: a page that is loaded anew, as after signing in again,
 * goes on where it was. Leaving the view on purpose drops it.
 */
import { useCallback, useEffect } from 'react';
import type { Group } from '../../shared/types/segment-types';

export interface Draft {
  rule: Group;
  /** The segment's version that was changed; absent of a new segment. */
  version?: number | undefined;
}

const keyOf = (segment: string | undefined) => `segml.draft/${segment ?? ''}`;

/** Return what was unsaved of a segment, or of a new one, when the page went away. */
export function keptDraft(segment: string | undefined): Draft | undefined {
  const kept = sessionStorage.getItem(keyOf(segment));
  return kept === null ? undefined : (JSON.parse(kept) as Draft);
}

/** Keep the draft as it is now, until there is none or its view is left; returns how to drop it at once. */
export function useKeptDraft(segment: string | undefined, draft: Draft | undefined): () => void {
  const key = keyOf(segment);
  const drop = useCallback(() => sessionStorage.removeItem(key), [key]);
  useEffect(() => {
    if (draft) sessionStorage.setItem(key, JSON.stringify(draft));
    else drop();
  }, [key, draft, drop]);
  useEffect(() => drop, [drop]);
  return drop;
}
