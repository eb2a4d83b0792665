/** The views of the running of the product; each part has an address of its own. */
import { AccessTokens } from '../components/operations/AccessTokens';
import { AuditLog } from '../components/operations/AuditLog';
import { ExportLog } from '../components/operations/ExportLog';
import { RunList } from '../components/operations/RunList';
import { Schedule } from '../components/operations/Schedule';
import { Webhooks } from '../components/operations/Webhooks';
import own from '../components/operations/operations.module.css';
import { SavedPlans } from '../components/actions/SavedPlans';
import { Page, Sections } from '../shared/kit/Page';
import { Panel } from '../shared/kit/Panel';
import { mayEdit, useWho } from '../shared/kit/session';
import { EmptyState } from '../shared/kit/States';
import { t } from '../shared/strings';
import type { Session } from '../shared/types/segment-types';
import type { ViewProps } from '../views';

type Part = keyof typeof t.operations.view;

const PARTS: Record<Part, { View: () => React.ReactNode; allows: (who: Session) => boolean }> = {
  nights: { View: () => <div className={own.stack}><Schedule /><RunList /></div>, allows: () => true },
  webhooks: { View: Webhooks, allows: mayEdit },
  exports: { View: ExportLog, allows: mayEdit },
  campaigns: { View: () => <Panel title={t.actions.campaign.plans} wide><SavedPlans /></Panel>, allows: () => true },
  access: { View: () => <div className={own.stack}><AccessTokens /><AuditLog /></div>, allows: ({ role }) => role === 'admin' },
};

const address = (part: string) => (part === 'nights' ? '/operations' : `/operations/${part}`);

export default function OperationsPage({ params: { part = 'nights' } }: ViewProps) {
  const who = useWho();
  const allowed = (Object.keys(PARTS) as Part[]).filter((name) => PARTS[name].allows(who));
  const here = part in PARTS ? PARTS[part as Part] : undefined;
  return (
    <Page title={t.operations.heading}>
      <Sections label={t.operations.views} sections={allowed.map((name) => ({ href: address(name), label: t.operations.view[name] }))} here={address(part)} />
      {!here ? <EmptyState title={t.state.missingTitle}>{t.state.missing}</EmptyState>
        : here.allows(who) ? <here.View />
        : <EmptyState title={t.state.forbiddenTitle}>{t.state.forbidden}</EmptyState>}
    </Page>
  );
}
