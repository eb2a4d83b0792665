/** A group: how its conditions are combined, the conditions, and ways to add more. */
import { IconChevronDown, IconChevronRight, IconPlus } from '@tabler/icons-react';
import { memo, useRef, useState } from 'react';
import { mayEdit, useWho } from '../../shared/kit/session';
import { t } from '../../shared/strings';
import type { Group, Node } from '../../shared/types/segment-types';
import css from './rule.module.css';
import valuesCss from './values.module.css';
import { CriterionList } from './CriterionList';
import { useDraggable, useDropZone } from './dragging';
import { useEditor } from './editor';
import { GroupBody } from './GroupBody';
import { LazyPanel } from './LazyPanel';
import { useNote } from './notes';
import { Handle, moveByKeys, Tail } from './RowFrame';
import { RowMenu } from './RowMenu';
import { conditionsIn } from './ruleTree';

interface GroupCardProps {
  group: Group;
  scope: string;
  /** How many groups are around it; the root has none. */
  depth: number;
  /** A group around it is locked. */
  held: boolean;
}

const OPEN_LEVELS = 4; // deeper groups begin collapsed

export const GroupCard = memo(function GroupCard({ group, scope, depth, held }: GroupCardProps) {
  const editor = useEditor();
  const id = group.id!;
  const locked = held || Boolean(group.disabled);
  const [collapsed, setCollapsed] = useState(depth > OPEN_LEVELS && group.rules.length > 0);
  const card = useRef<HTMLDivElement>(null);
  const handle = useRef<HTMLButtonElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const note = useNote(id);
  const who = useWho();
  const label = t.builder.groupName(depth);
  useDraggable(card, handle, { kind: 'node', id, scope }, depth > 0 && !locked);
  useDropZone(head, { id, scope, upper: depth ? 'before' : 'first', lower: 'first', enabled: !held && !(locked && depth === 0) });
  return (
    <div ref={card} role={depth ? 'listitem' : 'group'} aria-label={label} className={css.group} data-depth={Math.min(depth, 5)} data-node={id}
      data-muted={group.muted || undefined} data-not={group.not || undefined} onKeyDown={depth ? moveByKeys(editor, id, locked) : undefined}>
      <div ref={head} className={css.head}>
        {depth > 0 && <Handle handle={handle} label={label} disabled={locked} />}
        {depth > 0 && (
          <button type="button" className={css.icon} aria-expanded={!collapsed} aria-label={collapsed ? t.builder.expand : t.builder.collapse} onClick={() => setCollapsed(!collapsed)}>
            {collapsed ? <IconChevronRight size={16} /> : <IconChevronDown size={16} />}
          </button>
        )}
        <Combination group={group} locked={locked} />
        {collapsed && <span className={valuesCss.unit}>{t.builder.collapsed(conditionsIn(group))}</span>}
        <span className={css.tail}>
          <Tail node={group} note={note} />
          {depth > 0 && <RowMenu node={group} label={label} detail={scope !== ''} held={held} />}
        </span>
      </div>
      {note.problems.map(({ message, hint }) => <p key={message} className={css.problem} role="alert">{message} {hint}</p>)}
      {!collapsed && <GroupBody group={group} scope={scope} depth={depth + 1} held={locked} />}
      {!collapsed && mayEdit(who) && <GroupFoot group={group} scope={scope} locked={locked} />}
    </div>
  );
});

/** "Not", and "all" or "any of these". */
function Combination({ group, locked }: { group: Group; locked: boolean }) {
  const editor = useEditor();
  const id = group.id!;
  const set = (change: Partial<Group>) => editor.update(id, (node) => ({ ...node, ...change }) as Node);
  const option = (combinator: 'and' | 'or', label: string) => (
    <button type="button" aria-pressed={group.combinator === combinator} disabled={locked} onClick={() => set({ combinator })}>{label}</button>
  );
  return (
    <>
      <button type="button" className={css.not} aria-pressed={Boolean(group.not)} title={t.builder.notHelp} disabled={locked} onClick={() => set({ not: !group.not })}>
        {t.builder.not}
      </button>
      <span role="group" aria-label={t.builder.combine} className={css.combine}>
        {option('and', t.builder.all)}
        {option('or', t.builder.any)}
      </span>
      <span className={valuesCss.unit}>{group.combinator === 'or' ? t.builder.anyOf : t.builder.allOf}</span>
    </>
  );
}

function GroupFoot({ group, scope, locked }: { group: Group; scope: string; locked: boolean }) {
  const editor = useEditor();
  const id = group.id!;
  const foot = useRef<HTMLDivElement>(null);
  useDropZone(foot, { id, scope, upper: 'last', lower: 'last', enabled: !locked });
  const event = scope ? editor.criteria.events.get(scope) : undefined;
  return (
    <div ref={foot} className={css.foot} data-empty={group.rules.length === 0 || undefined}>
      {!group.rules.length && <span className={css.hint}>{t.builder.emptyGroup}</span>}
      <LazyPanel role="dialog" label={t.builder.add} className={css.add} width={340} disabled={locked} attributes={{ 'data-add': '' }}
        button={<><IconPlus size={14} aria-hidden="true" /> {t.builder.add}</>}>
        {(close) => (
          <CriterionList groups={event ? detailGroups(event) : editor.criteria.groups} onPick={(name) => {
            close();
            if (event) editor.addDetail(id, event.fields.find((field) => field.name === name)!);
            else editor.add(name, id);
          }} />
        )}
      </LazyPanel>
      <button type="button" className={css.add} disabled={locked} onClick={() => editor.addGroup(id)}>
        <IconPlus size={14} aria-hidden="true" /> {t.builder.addGroup}
      </button>
    </div>
  );
}

const detailGroups = (event: { label: string; fields: { name: string; label: string }[] }) => [
  {
    label: event.label,
    criteria: event.fields.map(({ name, label }) => ({ name, label, description: '', unavailable: '', text: label.toLocaleLowerCase() })),
  },
];
