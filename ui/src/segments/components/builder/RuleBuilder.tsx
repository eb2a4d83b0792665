/** The rule as it is edited. */
import { EmptyState } from '../../shared/kit/States';
import { t } from '../../shared/strings';
import type { Group } from '../../shared/types/segment-types';
import { useDrops } from './dragging';
import { useEditor } from './editor';
import { GroupCard } from './GroupCard';

export function RuleBuilder({ rule, readOnly }: { rule: Group; readOnly: boolean }) {
  const editor = useEditor();
  useDrops(editor);
  return (
    <section aria-label={t.builder.canvas}>
      {!rule.rules.length && <EmptyState title={t.builder.everyone}>{t.builder.emptyHelp}</EmptyState>}
      <GroupCard group={rule} scope="" depth={0} held={readOnly} />
    </section>
  );
}
