/** What the guard of unsaved changes knows: whether there are any, and who waits for an answer. */
export const guard = { unsaved: false, here: '', waiting: undefined as (() => void) | undefined };

export function release(): void {
  guard.unsaved = false;
}

/** Load the page anew without a question: what is unsaved is kept in the tab and comes back. */
export function reloadFreely(): void {
  release();
  window.location.reload();
}
