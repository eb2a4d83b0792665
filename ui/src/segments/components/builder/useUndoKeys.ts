/** Ctrl+Z and Ctrl+Shift+Z (on a Mac with ⌘), also while the focus is in a field of the rule. */
import { useEffect } from 'react';
import type { Editor } from './editor';

/** Long texts keep the browser's own undo. */
const ownsUndo = (target: EventTarget | null) =>
  target instanceof HTMLTextAreaElement || (target instanceof HTMLElement && target.closest('[role=dialog]') !== null);

/** `within` hears the keys: a page as a whole, or a part of one that others share. */
export function useUndoKeys(editor: Editor, within: Window | HTMLElement): void {
  useEffect(() => {
    const onKeyDown = (event: Event) => {
      if (!(event instanceof KeyboardEvent)) return;
      const key = event.key.toLowerCase();
      if (!(event.ctrlKey || event.metaKey) || event.altKey || ownsUndo(event.target)) return;
      if (key === 'z' && !event.shiftKey) editor.undo();
      else if (key === 'y' || (key === 'z' && event.shiftKey)) editor.redo();
      else return;
      event.preventDefault();
    };
    within.addEventListener('keydown', onKeyDown);
    return () => within.removeEventListener('keydown', onKeyDown);
  }, [editor, within]);
}
