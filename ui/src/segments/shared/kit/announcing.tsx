/** What happened, said to those who do not see it. */
import { VisuallyHidden } from '@mantine/core';
import { useSyncExternalStore } from 'react';

let said = '';
const listeners = new Set<() => void>();

/** Say `words` through the page's live region. */
export function announce(words: string): void {
  // The same words twice are a change only if they differ: a no-break space tells them apart.
  said = words === said ? `${words}\u00a0` : words;
  for (const told of listeners) told();
}

const subscribe = (told: () => void) => {
  listeners.add(told);
  return () => void listeners.delete(told);
};

export function LiveRegion() {
  const words = useSyncExternalStore(subscribe, () => said);
  return (
    <VisuallyHidden role="status" aria-live="polite">
      {words}
    </VisuallyHidden>
  );
}
