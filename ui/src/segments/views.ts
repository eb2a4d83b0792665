/** Every view: its address below the page's own, and the file that draws it, loaded when it is opened. */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';
import { SegmentsPage } from './pages/SegmentsPage';
import { t } from './shared/strings';

export interface ViewProps {
  params: { id?: string };
}

interface View {
  path: string;
  View: ComponentType<ViewProps> | LazyExoticComponent<ComponentType<ViewProps>>;
}

const SegmentBuilderPage = lazy(() => import('./pages/SegmentBuilder'));

/** In order: the first address that fits is drawn. */
export const VIEWS: View[] = [
  { path: '/', View: SegmentsPage },
  { path: '/new', View: SegmentBuilderPage },
  { path: '/:id/edit', View: SegmentBuilderPage },
];

export const NAVIGATION = [{ label: t.nav.segments, href: '/' }];
