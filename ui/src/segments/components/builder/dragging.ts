/** Dragging by the pointer: what is dragged, where it may be dropped, and the line that shows it. */
import { draggable, dropTargetForElements, monitorForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';
import { useEffect, type RefObject } from 'react';
import type { Editor } from './editor';

/** `scope` is the event whose details these are, empty for conditions on the customer. */
export type Dragged =
  | { kind: 'criterion'; name: string; scope: '' }
  | { kind: 'node'; id: string; scope: string };

export interface Target {
  id: string;
  /** Beside the node, or within it as its first or last. */
  place: 'before' | 'after' | 'first' | 'last';
}

type Element = RefObject<HTMLElement | null>;

export function useDraggable(element: Element, handle: Element, dragged: Dragged, enabled = true): void {
  const key = JSON.stringify(dragged);
  useEffect(() => {
    if (!enabled || !element.current) return undefined;
    const node = element.current;
    return draggable({
      element: node,
      ...(handle.current && handle.current !== node && { dragHandle: handle.current }),
      getInitialData: () => JSON.parse(key) as Record<string, unknown>,
      onDragStart: () => node.setAttribute('data-dragging', ''),
      onDrop: () => node.removeAttribute('data-dragging'),
    });
  }, [element, handle, key, enabled]);
}

interface Zone {
  id: string;
  scope: string;
  /** What the upper and the lower half of the zone mean. */
  upper: Target['place'];
  lower: Target['place'];
  enabled: boolean;
}

export function useDropZone(element: Element, { id, scope, upper, lower, enabled }: Zone): void {
  useEffect(() => {
    if (!enabled || !element.current) return undefined;
    const node = element.current;
    const hide = () => node.removeAttribute('data-drop');
    return dropTargetForElements({
      element: node,
      canDrop: ({ source }) => {
        const dragged = source.data as unknown as Dragged;
        const ofItself = dragged.kind === 'node' && node.closest(`[data-node="${CSS.escape(dragged.id)}"]`) !== null;
        return dragged.scope === scope && !ofItself;
      },
      getData: ({ input, element: zone }) => {
        const { top, height } = zone.getBoundingClientRect();
        return { id, place: input.clientY < top + height / 2 ? upper : lower };
      },
      onDrag: ({ self, location }) => {
        if (location.current.dropTargets[0]?.element === node) node.setAttribute('data-drop', String(self.data.place));
        else hide();
      },
      onDragLeave: hide,
      onDrop: hide,
    });
  }, [element, id, scope, upper, lower, enabled]);
}

/** Tell the editor of every drop, while the builder is shown. */
export function useDrops(editor: Editor): void {
  useEffect(
    () =>
      monitorForElements({
        onDrop: ({ source, location }) => {
          const target = location.current.dropTargets[0];
          if (target) editor.drop(source.data as unknown as Dragged, target.data as unknown as Target);
        },
      }),
    [editor],
  );
}
