/** Every edit of a rule as a function of it: what is left, what has the focus then, what is said of it. */
import { t } from '../../shared/strings';
import type { Group, Node } from '../../shared/types/segment-types';
import { newCondition, sentenceCase, type Criteria } from './criteria';
import type { Dragged, Target } from './dragging';
import {
  changedAt, childrenOf, emptyGroup, insertedAt, isGroup, movedTo, nodeAt, pathOf, removedAt, stepOf, withNewIds, type Direction, type Path,
} from './ruleTree';

export interface Focus {
  id: string;
  /** The handle that moves the node, or the first control of its value. */
  part: 'handle' | 'value';
}

export interface Edited {
  rule: Group;
  focus?: Focus;
  said?: string;
}

export function labelOf(criteria: Criteria, node: Node): string {
  if (isGroup(node)) return t.builder.said.group;
  const label = criteria.fields.get(node.field)?.label ?? criteria.events.get(node.field)?.verb;
  return sentenceCase(label ?? node.field.replaceAll('_', ' '));
}

/** `node` stands at `to`. */
function put(criteria: Criteria, rule: Group, to: Path, node: Node): Edited {
  const focus: Focus = { id: node.id!, part: 'value' };
  return { rule: insertedAt(rule, to, node), focus, said: t.builder.said.added(labelOf(criteria, node)) };
}

/** `node` is the last of a group's, or of an event's details. */
export function added(criteria: Criteria, rule: Group, parent: string, node: Node): Edited {
  const path = pathOf(rule, parent);
  return path ? put(criteria, rule, [...path, childrenOf(nodeAt(rule, path)!).length], node) : { rule };
}

/** The node is gone; the focus is on the one that took its place, or on the group around it. */
export function removed(criteria: Criteria, rule: Group, id: string): Edited {
  const path = pathOf(rule, id);
  if (!path?.length) return { rule };
  const after = removedAt(rule, path);
  const parent = nodeAt(after, path.slice(0, -1))!;
  const siblings = childrenOf(parent);
  const next = siblings[Math.min(path.at(-1)!, siblings.length - 1)] ?? parent;
  const said = t.builder.said.removed(labelOf(criteria, nodeAt(rule, path)!));
  return { rule: after, focus: { id: next.id!, part: 'handle' }, said };
}

/** A copy of the node stands behind it. */
export function duplicated(criteria: Criteria, rule: Group, id: string): Edited {
  const path = pathOf(rule, id);
  if (!path?.length) return { rule };
  const copy = withNewIds(nodeAt(rule, path)!);
  return { ...put(criteria, rule, path.with(-1, path.at(-1)! + 1), copy), focus: { id: copy.id!, part: 'handle' } };
}

/** The node is in a new group of its own. */
export function wrapped(rule: Group, id: string): Edited {
  const path = pathOf(rule, id);
  if (!path?.length) return { rule };
  return { rule: changedAt(rule, path, (node) => ({ ...emptyGroup(), rules: [node] })), focus: { id, part: 'handle' } };
}

/** The node went one step in a direction, if it could. */
export function moved(criteria: Criteria, rule: Group, id: string, direction: Direction): Edited {
  const path = pathOf(rule, id);
  if (!path) return { rule };
  const what = labelOf(criteria, nodeAt(rule, path)!);
  const to = stepOf(rule, path, direction);
  if (!to) return { rule, said: t.builder.said.cannotMove(what) };
  const said = t.builder.said.moved(what, t.builder.said.where[direction]);
  return { rule: movedTo(rule, path, to), focus: { id, part: 'handle' }, said };
}

/** What was dragged, out of the palette or out of the rule, is where it was dropped. */
export function dropped(criteria: Criteria, rule: Group, dragged: Dragged, target: Target): Edited {
  const to = landing(rule, target);
  if (!to) return { rule };
  if (dragged.kind === 'criterion') return put(criteria, rule, to, newCondition(criteria, dragged.name));
  const from = pathOf(rule, dragged.id);
  if (!from) return { rule };
  const said = t.builder.said.moved(labelOf(criteria, nodeAt(rule, from)!), t.builder.said.dropped);
  return { rule: movedTo(rule, from, to), focus: { id: dragged.id, part: 'handle' }, said };
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
