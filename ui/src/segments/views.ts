/** Every view: its address below the page's own, and the file that draws it, loaded when it is opened. */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import { SegmentsPage } from './pages/SegmentsPage';
import { t } from './shared/strings';

export interface ViewProps {
  params: { id?: string; part?: string };
}

interface View {
  path: string;
  View: ComponentType<ViewProps> | LazyExoticComponent<ComponentType<ViewProps>>;
  /** It has nothing to show before the first night. */
  counts?: true;
}

const SegmentBuilderPage = lazy(() => import('./pages/SegmentBuilder'));
const SegmentInsightsPage = lazy(() => import('./pages/SegmentInsights'));
const LookalikePage = lazy(() => import('./pages/Actions').then((page) => ({ default: page.LookalikePage })));
const ExportPage = lazy(() => import('./pages/Actions').then((page) => ({ default: page.ExportPage })));
const CampaignPage = lazy(() => import('./pages/Actions').then((page) => ({ default: page.CampaignPage })));
const ModelsPage = lazy(() => import('./pages/Models'));
const OperationsPage = lazy(() => import('./pages/Operations'));
const AnalyticsPage = lazy(() => import('./pages/Analytics'));

/** In order: the first address that fits is drawn. */
export const VIEWS: View[] = [
  { path: '/', View: SegmentsPage },
  { path: '/new', View: SegmentBuilderPage, counts: true },
  { path: '/:id/edit', View: SegmentBuilderPage, counts: true },
  { path: '/:id/insights', View: SegmentInsightsPage, counts: true },
  { path: '/:id/lookalike', View: LookalikePage, counts: true },
  { path: '/:id/export', View: ExportPage, counts: true },
  { path: '/:id/campaign', View: CampaignPage, counts: true },
  { path: '/analytics/:part?', View: AnalyticsPage, counts: true },
  { path: '/models/:part?', View: ModelsPage },
  { path: '/operations/:part?', View: OperationsPage },
];

export const NAVIGATION = [
  { label: t.nav.segments, href: '/' },
  { label: t.nav.analytics, href: '/analytics' },
  { label: t.nav.models, href: '/models' },
  { label: t.nav.operations, href: '/operations' },
];
