/** The views of what is done with one segment. */
import { ActionPage } from '../components/actions/ActionPage';
import { CampaignLauncher } from '../components/actions/CampaignLauncher';
import { ExportSegment } from '../components/actions/ExportSegment';
import { LookalikeBuilder } from '../components/actions/LookalikeBuilder';
import { t } from '../shared/strings';
import type { ViewProps } from '../views';

export function LookalikePage({ params: { id } }: ViewProps) {
  const { title, lead } = t.actions.lookalike;
  return <ActionPage id={id!} title={title} lead={lead}>{(segment) => <LookalikeBuilder key={segment.id} segment={segment} />}</ActionPage>;
}

export function ExportPage({ params: { id } }: ViewProps) {
  const { title, lead } = t.actions.export;
  return <ActionPage id={id!} title={title} lead={lead} forEditors>{(segment) => <ExportSegment key={segment.id} segment={segment} />}</ActionPage>;
}

export function CampaignPage({ params: { id } }: ViewProps) {
  const { title, lead } = t.actions.campaign;
  return <ActionPage id={id!} title={title} lead={lead} forEditors>{(segment) => <CampaignLauncher key={segment.id} segment={segment} />}</ActionPage>;
}
