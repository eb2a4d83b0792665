/** The editing of one rule: every change there is, by the id of the node it is made to. */
import { createContext, use, useEffect, useMemo, useReducer, useRef } from 'react';
import { announce } from '../../shared/kit/announcing';
import { t } from '../../shared/strings';
import type { Condition, Field, Group, Node } from '../../shared/types/segment-types';
import { newCondition, newFieldCondition, type Criteria } from './criteria';
import type { Dragged, Target } from './dragging';
import { added, dropped, duplicated, moved, removed, wrapped, type Edited, type Focus } from './edits';
import { historyOf, stepped } from './history';
import { changedAt, emptyGroup, pathOf, withNewIds, type Direction } from './ruleTree';

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

/** Edit a rule; what is changed of it from the beginning is one step that can be undone. */
export function useRuleEditor(initial: Group, criteria: Criteria, changed?: Group) {
  const [history, step] = useReducer(stepped, initial, (rule) => {
    const begun = historyOf(withNewIds(rule));
    return changed ? stepped(begun, { kind: 'edit', change: () => withNewIds(changed) }) : begun;
  });
  const current = useRef(history.present);
  const focus = useRef<Focus | undefined>(undefined);
  current.current = history.present;

  // A node that was added or moved has the focus: React drew it anew, and the old one took it along.
  useEffect(() => {
    const wanted = focus.current;
    focus.current = undefined;
    if (wanted) focusNode(wanted);
  }, [history.present]);

  const editor = useMemo<Editor>(() => {
    const perform = (edit: (rule: Group) => Edited) => {
      const { rule, said, focus: wanted } = edit(current.current);
      focus.current = wanted;
      current.current = rule;
      step({ kind: 'edit', change: () => rule });
      if (said) announce(said);
    };
    const go = (kind: 'undo' | 'redo', said: string) => () => {
      step({ kind });
      announce(said);
    };
    return {
      criteria,
      update: (id, change, place = '') => {
        const path = pathOf(current.current, id);
        if (path) step({ kind: 'edit', change: (rule) => changedAt(rule, path, change), place });
      },
      add: (name, group) => perform((rule) => added(criteria, rule, group ?? rule.id!, newCondition(criteria, name))),
      addGroup: (group) => perform((rule) => added(criteria, rule, group, emptyGroup())),
      addDetail: (event, field) => perform((rule) => added(criteria, rule, event, newFieldCondition(criteria, field))),
      remove: (id) => perform((rule) => removed(criteria, rule, id)),
      duplicate: (id) => perform((rule) => duplicated(criteria, rule, id)),
      wrap: (id) => perform((rule) => wrapped(rule, id)),
      step: (id, direction) => perform((rule) => moved(criteria, rule, id, direction)),
      drop: (dragged, target) => perform((rule) => dropped(criteria, rule, dragged, target)),
      replace: (rule) => perform(() => ({ rule: withNewIds(rule) })),
      undo: go('undo', t.builder.said.undone),
      redo: go('redo', t.builder.said.redone),
    };
  }, [criteria]);

  return { editor, rule: history.present, canUndo: history.past.length > 0, canRedo: history.future.length > 0 };
}

function focusNode({ id, part }: Focus) {
  const element = document.querySelector(`[data-node="${CSS.escape(id)}"]`);
  const control = part === 'value' ? element?.querySelector<HTMLElement>('[data-value] :is(input, select, button)') : null;
  (control ?? element?.querySelector<HTMLElement>('[data-handle], [data-add]'))?.focus();
}
