/** The editing of one rule: every change there is, by the id of the node it is made to. */
import { createContext, use, useEffect, useMemo, useReducer, useRef } from 'react';
import { announce } from '../../shared/kit/announcing';
import { t } from '../../shared/strings';
import type { Condition, Field, Group, Node } from '../../shared/types/segment-types';
import { newCondition, newFieldCondition, sentenceCase, type Criteria } from './criteria';
import type { Dragged, Target } from './dragging';
import { historyOf, stepped } from './history';
import {
  changedAt, childrenOf, emptyGroup, insertedAt, isGroup, movedTo, nodeAt, pathOf, removedAt, stepOf, withNewIds,
  type Direction, type Path,
} from './ruleTree';

export interface Editor {
  criteria: Criteria;
  /** Change one node; edits in the same `place`, one after the other, are one step to undo. */
  update: (id: string, change: (node: Node) => Node, place?: string) => void;
  /** Add a condition on what the palette calls `name`, at the end of a group or of the whole rule. */
  add: (name: string, group?: string) => void;
  addGroup: (group: string) => void;
  addDetail: (event: string, field: Field) => void;
  remove: (id: string) => void;
  duplicate: (id: string) => void;
  /** Put a node into a new group of its own. */
  wrap: (id: string) => void;
  step: (id: string, direction: Direction) => void;
  drop: (dragged: Dragged, target: Target) => void;
  replace: (rule: Group) => void;
  undo: () => void;
  redo: () => void;
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const editor = use(EditorContext);
  if (!editor) throw new Error('A condition was drawn outside the builder');
  return editor;
}

export const updateCondition = (editor: Editor, id: string, change: Partial<Condition>, place = '') =>
  editor.update(id, (node) => ({ ...node, ...change }) as Node, place && `${id} ${place}`);

/** Return the field that a condition names: the customer's, or within an event the event's own. */
export function fieldOf(criteria: Criteria, scope: string, name: string): Field | undefined {
  return scope ? criteria.events.get(scope)?.fields.find((field) => field.name === name) : criteria.fields.get(name);
}

function labelOf(criteria: Criteria, node: Node): string {
  if (isGroup(node)) return t.builder.said.group;
  const label = criteria.fields.get(node.field)?.label ?? criteria.events.get(node.field)?.verb;
  return sentenceCase(label ?? node.field.replaceAll('_', ' '));
}

export function useRuleEditor(initial: Group, criteria: Criteria) {
  const [history, step] = useReducer(stepped, initial, (rule) => historyOf(withNewIds(rule)));
  const current = useRef(history.present);
  const focused = useRef<{ id: string; part: 'handle' | 'value' } | null>(null);
  current.current = history.present;

  // A node that was added or moved has the focus: React drew it anew, and the old one took it along.
  useEffect(() => {
    const wanted = focused.current;
    focused.current = null;
    if (wanted) focusNode(wanted.id, wanted.part);
  }, [history.present]);

  const editor = useMemo<Editor>(() => {
    const label = (node: Node) => labelOf(criteria, node);
    const edit = (change: (rule: Group) => Group, place?: string) => step({ kind: 'edit', change, ...(place && { place }) });
    const at = (id: string, change: (rule: Group, path: Path, node: Node) => Group) =>
      edit((rule) => {
        const path = pathOf(rule, id);
        return path ? change(rule, path, nodeAt(rule, path)!) : rule;
      });
    const put = (node: Node, parent: string, part: 'handle' | 'value' = 'value') => {
      focused.current = { id: node.id!, part };
      at(parent, (rule, path, into) => insertedAt(rule, [...path, childrenOf(into).length], node));
      announce(t.builder.said.added(label(node)));
    };
    return {
      criteria,
      update: (id, change, place) =>
        edit((rule) => {
          const path = pathOf(rule, id);
          return path ? changedAt(rule, path, change) : rule;
        }, place),
      add: (name, group) => put(newCondition(criteria, name), group ?? current.current.id!),
      addGroup: (group) => put(emptyGroup(), group),
      addDetail: (event, field) => put(newFieldCondition(criteria, field), event),
      remove: (id) => {
        const path = pathOf(current.current, id);
        if (!path?.length) return;
        const gone = nodeAt(current.current, path)!;
        const after = removedAt(current.current, path);
        const parent = path.slice(0, -1);
        const siblings = childrenOf(nodeAt(after, parent)!);
        const next = siblings[Math.min(path.at(-1)!, siblings.length - 1)] ?? nodeAt(after, parent)!;
        focused.current = { id: next.id!, part: 'handle' };
        edit(() => after);
        announce(t.builder.said.removed(label(gone)));
      },
      duplicate: (id) =>
        at(id, (rule, path, node) => {
          const copy = withNewIds(node);
          focused.current = { id: copy.id!, part: 'handle' };
          announce(t.builder.said.added(label(copy)));
          return insertedAt(rule, path.with(-1, path.at(-1)! + 1), copy);
        }),
      wrap: (id) =>
        at(id, (rule, path, node) => {
          focused.current = { id, part: 'handle' };
          return changedAt(rule, path, () => ({ ...emptyGroup(), rules: [node] }));
        }),
      step: (id, direction) => {
        const rule = current.current;
        const path = pathOf(rule, id);
        const to = path && stepOf(rule, path, direction);
        const what = path ? label(nodeAt(rule, path)!) : '';
        if (!path || !to) return announce(t.builder.said.cannotMove(what));
        focused.current = { id, part: 'handle' };
        edit(() => movedTo(rule, path, to));
        announce(t.builder.said.moved(what, t.builder.said.where[direction]));
      },
      drop: (dragged, target) => {
        const rule = current.current;
        const to = landing(rule, target);
        if (!to) return;
        if (dragged.kind === 'criterion') {
          const node = newCondition(criteria, dragged.name);
          focused.current = { id: node.id!, part: 'value' };
          edit(() => insertedAt(rule, to, node));
          return announce(t.builder.said.added(label(node)));
        }
        const from = pathOf(rule, dragged.id);
        if (!from) return;
        focused.current = { id: dragged.id, part: 'handle' };
        edit(() => movedTo(rule, from, to));
        announce(t.builder.said.moved(label(nodeAt(rule, from)!), t.builder.said.dropped));
      },
      replace: (rule) => edit(() => withNewIds(rule)),
      undo: () => {
        step({ kind: 'undo' });
        announce(t.builder.said.undone);
      },
      redo: () => {
        step({ kind: 'redo' });
        announce(t.builder.said.redone);
      },
    };
  }, [criteria]);

  return { editor, rule: history.present, canUndo: history.past.length > 0, canRedo: history.future.length > 0 };
}

function landing(rule: Group, { id, place }: Target): Path | undefined {
  const path = pathOf(rule, id);
  if (!path) return undefined;
  switch (place) {
    case 'before':
      return path;
    case 'after':
      return path.with(-1, path.at(-1)! + 1);
    case 'first':
      return [...path, 0];
    case 'last':
      return [...path, childrenOf(nodeAt(rule, path)!).length];
  }
}

function focusNode(id: string, part: 'handle' | 'value') {
  const element = document.querySelector(`[data-node="${CSS.escape(id)}"]`);
  const control = part === 'value' ? element?.querySelector<HTMLElement>('[data-value] :is(input, select, button)') : null;
  (control ?? element?.querySelector<HTMLElement>('[data-handle], [data-add]'))?.focus();
}
