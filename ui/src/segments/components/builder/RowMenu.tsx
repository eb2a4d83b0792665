/** Everything else that can be done with a condition or a group, in one menu. */
import {
  IconArrowBarRight, IconArrowBarToLeft, IconArrowDown, IconArrowUp, IconCopy, IconDots, IconEye, IconEyeOff, IconLock, IconLockOpen,
  IconParentheses, IconTrash,
} from '@tabler/icons-react';
import { mayEdit, useWho } from '../../shared/kit/session';
import { t } from '../../shared/strings';
import type { Node } from '../../shared/types/segment-types';
import css from './rule.module.css';
import { useEditor, type Editor } from './editor';
import { LazyPanel, MenuEntries, type MenuEntry } from './LazyPanel';
import { isGroup } from './ruleTree';

interface RowMenuProps {
  node: Node;
  label: string;
  /** Details of an event are not grouped from here. */
  detail: boolean;
  /** A group around it is locked. */
  held: boolean;
}

export function RowMenu({ node, label, detail, held }: RowMenuProps) {
  const editor = useEditor();
  const who = useWho();
  if (!mayEdit(who)) return null;
  return (
    <LazyPanel role="menu" label={t.builder.actions(label)} className={css.icon} button={<IconDots size={16} />} disabled={held}>
      {(close) => <MenuEntries close={close} entries={entriesFor(editor, node, detail)} />}
    </LazyPanel>
  );
}

function entriesFor(editor: Editor, node: Node, detail: boolean): MenuEntry[] {
  const id = node.id!;
  const toggle = (flag: 'disabled' | 'muted') => () =>
    editor.update(id, ({ [flag]: on, ...rest }) => (on ? rest : { ...rest, [flag]: true }) as Node);
  const lock = node.disabled
    ? { label: t.builder.unlock, icon: <IconLockOpen size={15} />, onClick: toggle('disabled') }
    : { label: t.builder.lock, icon: <IconLock size={15} />, onClick: toggle('disabled') };
  if (node.disabled) return [lock];
  const wrap = { label: t.builder.group, icon: <IconParentheses size={15} />, onClick: () => editor.wrap(id) };
  return [
    { label: t.builder.duplicate, icon: <IconCopy size={15} />, onClick: () => editor.duplicate(id) },
    { label: t.builder.move.up, icon: <IconArrowUp size={15} />, keys: 'Alt ↑', onClick: () => editor.step(id, 'up') },
    { label: t.builder.move.down, icon: <IconArrowDown size={15} />, keys: 'Alt ↓', onClick: () => editor.step(id, 'down') },
    { label: t.builder.move.in, icon: <IconArrowBarRight size={15} />, keys: 'Alt →', onClick: () => editor.step(id, 'in') },
    { label: t.builder.move.out, icon: <IconArrowBarToLeft size={15} />, keys: 'Alt ←', onClick: () => editor.step(id, 'out') },
    ...(detail && !isGroup(node) ? [] : [wrap]),
    node.muted
      ? { label: t.builder.unmute, icon: <IconEye size={15} />, onClick: toggle('muted') }
      : { label: t.builder.mute, icon: <IconEyeOff size={15} />, onClick: toggle('muted') },
    lock,
    { label: t.builder.remove, icon: <IconTrash size={15} />, danger: true, onClick: () => editor.remove(id) },
  ];
}
