/** The view of what segments say about each other; its parts have addresses of their own. */
import { CompareSegments } from '../components/analytics/CompareSegments';
import { OverlapAnalysis } from '../components/analytics/OverlapAnalysis';
import { RevenueShares } from '../components/analytics/RevenueShares';
import { Loaded } from '../shared/kit/Loaded';
import { Page, Sections } from '../shared/kit/Page';
import { useSegments } from '../shared/services/queries';
import { t } from '../shared/strings';
import type { ViewProps } from '../views';

const address = (part: string) => (part === 'overlap' ? '/analytics' : `/analytics/${part}`);

export default function AnalyticsPage({ params: { part = 'overlap' } }: ViewProps) {
  const segments = useSegments();
  const sections = Object.entries(t.analytics.view).map(([name, label]) => ({ href: address(name), label }));
  return (
    <Page title={t.analytics.heading}>
      <Sections label={t.analytics.views} sections={sections} here={address(part)} />
      {part === 'revenue' ? <RevenueShares /> : (
        <Loaded query={segments} height={480}>
          {({ segments: found }) => (part === 'compare' ? <CompareSegments segments={found} /> : <OverlapAnalysis segments={found} />)}
        </Loaded>
      )}
    </Page>
  );
}
