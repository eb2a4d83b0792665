/** The conditions and groups of one group, with the word that joins them. */
import { memo } from 'react';
import { t } from '../../shared/strings';
import type { Group } from '../../shared/types/segment-types';
import css from './rule.module.css';
import { ConditionRow } from './ConditionRow';
import { GroupCard } from './GroupCard';
import { isGroup } from './ruleTree';

interface GroupBodyProps {
  group: Group;
  scope: string;
  depth: number;
  /** The group, or one around it, is locked. */
  held: boolean;
}

export const GroupBody = memo(function GroupBody({ group, scope, depth, held }: GroupBodyProps) {
  const word = group.combinator === 'or' ? t.builder.or : t.builder.and;
  return (
    <div role="list" className={css.body}>
      {group.rules.map((node, at) => (
        <div key={node.id} role="presentation" className={css.item} data-joined={at > 0 ? word : undefined}>
          {isGroup(node)
            ? <GroupCard group={node} scope={scope} depth={depth} held={held} />
            : <ConditionRow node={node} scope={scope} held={held} />}
        </div>
      ))}
    </div>
  );
});
