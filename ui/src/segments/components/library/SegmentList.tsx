/** The segments that are wanted: one's own first, then those that come with the product. */
import { Button, Text, Title, VisuallyHidden } from '@mantine/core';
import { IconMoodSearch, IconUsersGroup } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { mayEdit, useWho } from '../../shared/kit/session';
import { EmptyState } from '../../shared/kit/States';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import { ArchiveQuestion } from './ArchiveQuestion';
import { PrebuiltSegments } from './PrebuiltSegments';
import { SegmentCard } from './SegmentCard';
import { selected, type Wanted } from './selection';
import css from './library.module.css';

interface SegmentListProps {
  segments: Segment[];
  wanted: Wanted;
  onClear: () => void;
}

export function SegmentList({ segments, wanted, onClear }: SegmentListProps) {
  const [archiving, setArchiving] = useState<Segment | null>(null);
  const shown = useMemo(() => selected(segments, wanted), [segments, wanted]);
  const own = shown.filter(({ editable }) => editable);
  const shipped = shown.filter(({ editable }) => !editable);
  const narrowed = wanted.text !== '' || wanted.kind !== 'all' || wanted.tag !== '';

  return (
    <>
      <VisuallyHidden role="status">{narrowed ? t.library.results(shown.length) : ''}</VisuallyHidden>
      {narrowed && !shown.length && (
        <EmptyState icon={<IconMoodSearch size={32} />} title={t.library.noneFound}
          action={<Button variant="default" onClick={onClear}>{t.library.clear}</Button>} />
      )}
      {own.length > 0 && (
        <section aria-labelledby="own">
          <Title order={2} id="own">{t.library.own}</Title>
          <div className={css.cards}>
            {own.map((segment) => <SegmentCard key={segment.id} segment={segment} onArchive={setArchiving} />)}
          </div>
        </section>
      )}
      {!narrowed && !own.length && <NoneOwn />}
      {shipped.length > 0 && <PrebuiltSegments segments={shipped} />}
      {archiving && <ArchiveQuestion segment={archiving} onClose={() => setArchiving(null)} />}
    </>
  );
}

function NoneOwn() {
  const who = useWho();
  return (
    <div className={css.none}>
      <IconUsersGroup size={28} stroke={1.5} aria-hidden="true" />
      <div>
        <Text fw={600}>{t.library.noneOwn}</Text>
        <Text size="sm" c="var(--quiet)">{t.library.noneOwnHelp}</Text>
      </div>
      {mayEdit(who) && <Button component={Link} href="/new" variant="light" ml="auto">{t.nav.create}</Button>}
    </div>
  );
}
