/** A segment's numbers, its course, and what its members are like beside everybody else. */
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { asAmount } from '../../shared/customers';
import { asChange, asCount, asDay, asShare } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { useWho } from '../../shared/kit/session';
import { profileOf, REST, trendOf } from '../../shared/services/analyticsService';
import { t } from '../../shared/strings';
import type { NightOf, ProfileOf } from '../../shared/services/api.gen';
import type { Segment } from '../../shared/types/segment-types';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';
import { ProfilePanels } from './ProfilePanels';

const TrendChart = lazy(() => import('./TrendChart'));

export function Overview({ segment, as_of }: { segment: Segment; as_of: string | undefined }) {
  const profile = useQuery(profileOf(segment.id, REST, as_of));
  const trend = useQuery(trendOf(segment.id));
  return (
    <Loaded query={profile} height={420}>
      {(found) => (
        <>
          <Figures segment={segment} profile={found} />
          <div className={css.grid}>
            <Panel title={t.analytics.trend.title} wide>
              <Loaded query={trend} height={350}>{({ nights }) => <Course nights={nights} />}</Loaded>
            </Panel>
            <ProfilePanels profile={found} name={t.analytics.averages.members} against={t.analytics.averages.rest} />
          </div>
        </>
      )}
    </Loaded>
  );
}

function Figures({ segment, profile }: { segment: Segment; profile: ProfileOf }) {
  const { currency } = useWho();
  const words = t.analytics.figures;
  const spend = profile.measures.find(({ name }) => name === 'spend_365d');
  const figures: [string, string, string][] = [
    [words.members, asCount(profile.count), profile.customer_share === null ? '' : words.share(profile.customer_share)],
    [words.revenue, profile.revenue_share === null ? '–' : asShare(profile.revenue_share), words.revenueHelp],
  ];
  if (spend?.segment != null) {
    figures.push([words.perMember, asAmount(spend.segment, spend.unit, currency), spend.against === null ? '' : words.perMemberHelp(asAmount(spend.against, spend.unit, currency))]);
  }
  if (segment.entered !== null && segment.left !== null) {
    figures.push([words.entered, asChange(segment.entered), words.lastNight], [words.left, asChange(-segment.left), words.lastNight]);
  }
  return (
    <dl className={css.figures} aria-label={words.label}>
      {figures.map(([label, value, help]) => (
        <div key={label} className={css.figure}>
          <dt>{label}</dt>
          <dd>{value}</dd>
          {help && <dd>{help}</dd>}
        </div>
      ))}
    </dl>
  );
}

function Course({ nights }: { nights: NightOf[] }) {
  const [asTable, setAsTable] = useState(false);
  const [first, last] = [nights[0], nights.at(-1)];
  if (!first || !last || nights.length < 2) return <p className={css.quiet}>{t.analytics.trend.few}</p>;
  return (
    <>
      <p className={own.summary}>{t.analytics.trend.summary(first.count, last.count, first.as_of)}</p>
      <Suspense fallback={<Skeleton height={350} radius="md" />}><TrendChart nights={nights} /></Suspense>
      <button type="button" className={own.reveal} aria-expanded={asTable} onClick={() => setAsTable(!asTable)}>
        {asTable ? t.analytics.trend.hide : t.analytics.trend.table}
      </button>
      {asTable && <Nights nights={nights} />}
    </>
  );
}

function Nights({ nights }: { nights: NightOf[] }) {
  const words = t.analytics.trend;
  return (
    <TableRoom label={words.title}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{words.night}</th>
            {[words.size, words.entered, words.left].map((label) => <th key={label} scope="col" data-kind="number">{label}</th>)}
          </tr>
        </thead>
        <tbody>
          {nights.toReversed().map(({ as_of, count, entered, left }) => (
            <tr key={as_of}>
              <th scope="row">{asDay(as_of)}</th>
              <td data-kind="number">{asCount(count)}</td>
              <td data-kind="number">{asChange(entered)}</td>
              <td data-kind="number">{asChange(-left)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableRoom>
  );
}
