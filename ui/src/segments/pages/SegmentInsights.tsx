/** The view of one segment's analytics. */
import { SegmentPerformance } from '../components/analytics/SegmentPerformance';
import type { ViewProps } from '../views';

export default function SegmentInsightsPage({ params: { id } }: ViewProps) {
  return <SegmentPerformance key={id} id={id!} />;
}
