/**
 * A rule as a tree: where its nodes are, and what it is after a change. Every change returns a new
 * tree that shares all untouched nodes, so rows that did not change are not drawn again.
 *
 * A node's path is the service's: an event condition's details continue the path of the condition.
 * So the children of a node are a group's `rules`, or the rules of an event condition's `value`.
 */
import { generateID } from '@react-querybuilder/core';
import type { Condition, Group, Node } from '../../shared/types/segment-types';

export type Path = readonly number[];

export const isGroup = (node: Node): node is Group => 'rules' in node;

export const isEvent = (node: Node): node is Condition & { value: Group } =>
  !isGroup(node) && node.match !== undefined && typeof node.value === 'object' && node.value !== null && 'rules' in node.value;

export const childrenOf = (node: Node): Node[] =>
  isGroup(node) ? node.rules : isEvent(node) ? node.value.rules : [];

function withChildren<N extends Node>(node: N, rules: Node[]): N {
  if (isGroup(node)) return { ...node, rules };
  return { ...node, value: { ...(node as Condition).value, rules } };
}

export const emptyGroup = (): Group => ({ id: generateID(), combinator: 'and', rules: [] });

/** Return the node at `path`, if there is one. */
export function nodeAt(root: Group, path: Path): Node | undefined {
  return path.reduce<Node | undefined>((node, index) => node && childrenOf(node)[index], root);
}

/** Return the path of the node with this id, if there is one. */
export function pathOf(root: Node, id: string, from: Path = []): Path | undefined {
  if (root.id === id) return from;
  for (const [index, child] of childrenOf(root).entries()) {
    const found = pathOf(child, id, [...from, index]);
    if (found) return found;
  }
  return undefined;
}

/** Return the tree in which `change` was made to the node at `path`. */
export function changedAt<N extends Node>(root: N, path: Path, change: (node: Node) => Node): N {
  const [index, ...rest] = path;
  if (index === undefined) return change(root) as N;
  const children = childrenOf(root);
  const child = children[index];
  return child ? withChildren(root, children.with(index, changedAt(child, rest, change))) : root;
}

/** Return the tree in which `node` stands at `path`, and what stood there after it. */
export function insertedAt(root: Group, path: Path, node: Node): Group {
  return changedAt(root, path.slice(0, -1), (parent) => withChildren(parent, childrenOf(parent).toSpliced(path.at(-1)!, 0, node)));
}

/** Return the tree without the node at `path`. */
export function removedAt(root: Group, path: Path): Group {
  return changedAt(root, path.slice(0, -1), (parent) => withChildren(parent, childrenOf(parent).toSpliced(path.at(-1)!, 1)));
}

/** Return where `path` points once the node at `gone` is taken out. */
function pathWithout(path: Path, gone: Path): Path {
  const depth = gone.length - 1;
  const siblings = path.length > depth && gone.slice(0, -1).every((index, at) => path[at] === index);
  return siblings && path[depth]! > gone[depth]! ? path.with(depth, path[depth]! - 1) : path;
}

export const contains = (outer: Path, inner: Path): boolean => outer.every((index, at) => inner[at] === index);

/** Return the tree in which the node at `from` stands at `to`, counted before the move. */
export function movedTo(root: Group, from: Path, to: Path): Group {
  const node = nodeAt(root, from);
  if (!node || contains(from, to)) return root;
  return insertedAt(removedAt(root, from), pathWithout(to, from), node);
}

export type Direction = 'up' | 'down' | 'in' | 'out';

/**
 * Return where a node goes by one step, or undefined where it can go no further: up and down among
 * its siblings and, at an edge, out of the group; in to the group beside it; out to behind its own.
 */
export function stepOf(root: Group, path: Path, direction: Direction): Path | undefined {
  const parent = path.slice(0, -1);
  const index = path.at(-1);
  if (index === undefined) return undefined;
  const siblings = childrenOf(nodeAt(root, parent)!);
  const behindParent = () => leave(root, parent, 1);
  switch (direction) {
    case 'up':
      return index > 0 ? [...parent, index - 1] : leave(root, parent, 0);
    case 'down':
      return index < siblings.length - 1 ? [...parent, index + 2] : behindParent();
    case 'out':
      return behindParent();
    case 'in':
      return enter(siblings, parent, index);
  }
}

/** Details of an event stay in the event: only a group can be left. */
function leave(root: Group, parent: Path, offset: number): Path | undefined {
  const group = nodeAt(root, parent)!;
  if (!parent.length || !isGroup(group)) return undefined;
  return parent.with(-1, parent.at(-1)! + offset);
}

function enter(siblings: Node[], parent: Path, index: number): Path | undefined {
  const [next, previous] = [siblings[index + 1], siblings[index - 1]];
  if (next && isGroup(next) && !next.disabled) return [...parent, index + 1, 0];
  if (previous && isGroup(previous) && !previous.disabled) return [...parent, index - 1, previous.rules.length];
  return undefined;
}

/** Return the node with new ids all through: a copy, or a node that came from outside. */
export function withNewIds<N extends Node>(node: N): N {
  const named = { ...node, id: generateID() };
  if (isGroup(named)) return { ...named, rules: named.rules.map(withNewIds) };
  return isEvent(named) ? { ...named, value: withNewIds(named.value) } : named;
}

/** Return the node as the service takes it: without the page's ids. */
export function toWire<N extends Node>(node: N): N {
  const { id: _, path: __, ...bare } = node;
  if (isGroup(node)) return { ...bare, rules: node.rules.map(toWire) } as unknown as N;
  return (isEvent(node) ? { ...bare, value: toWire(node.value) } : bare) as unknown as N;
}

/** Return how many conditions stand under a node, an event's details among them, as limits count. */
export function conditionsIn(node: Node): number {
  const below = childrenOf(node).reduce((sum, child) => sum + conditionsIn(child), 0);
  return below + (isGroup(node) ? 0 : 1);
}

/** Return how deep groups are nested, the root being 1. */
export function depthOf(node: Node): number {
  const below = Math.max(0, ...childrenOf(node).map(depthOf));
  return below + (isGroup(node) || isEvent(node) ? 1 : 0);
}
