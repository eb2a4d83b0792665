/** The builder's view: a new segment, or the one that the address names. */
import { Loader } from '@mantine/core';
import { SegmentBuilder } from '../components/builder/SegmentBuilder';
import { AsyncCentre } from '../shared/kit/AsyncCentre';
import { ErrorState } from '../shared/kit/States';
import { useCriteria, useSegment } from '../shared/services/queries';
import { t } from '../shared/strings';
import type { ViewProps } from '../views';

export default function SegmentBuilderPage({ params: { id } }: ViewProps) {
  const catalog = useCriteria();
  const segment = useSegment(id);
  const failed = [catalog, segment].find((query) => query.isError && !query.data);
  if (failed) return <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!catalog.criteria || (id !== undefined && !segment.data)) {
    return <AsyncCentre><Loader aria-label={t.state.loading} /></AsyncCentre>;
  }
  // Another segment, or another version of it, is another edit.
  return <SegmentBuilder key={`${id} ${segment.data?.version}`} criteria={catalog.criteria} segment={segment.data} />;
}
