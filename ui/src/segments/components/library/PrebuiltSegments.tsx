import { Text, Title } from '@mantine/core';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import { SegmentCard } from './SegmentCard';
import css from './library.module.css';

/** The segments that come with the product; they cannot be changed, only copied. */
export function PrebuiltSegments({ segments }: { segments: Segment[] }) {
  return (
    <section aria-labelledby="shipped">
      <Title order={2} id="shipped">{t.library.shipped}</Title>
      <Text size="sm" c="var(--quiet)">{t.library.shippedHelp}</Text>
      <div className={css.cards}>
        {segments.map((segment) => <SegmentCard key={segment.id} segment={segment} />)}
      </div>
    </section>
  );
}
