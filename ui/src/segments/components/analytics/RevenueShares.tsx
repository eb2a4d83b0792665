/** Each segment's part of the customers beside its part of the money. */
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { asCount, asMoney, asShare } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { useWho } from '../../shared/kit/session';
import { revenueOfAll } from '../../shared/services/analyticsService';
import { t } from '../../shared/strings';
import type { RevenueRow } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';

const words = t.analytics.revenue;

export function RevenueShares() {
  const revenue = useQuery(revenueOfAll);
  return (
    <Loaded query={revenue} height={520}>
      {({ rows }) => <Panel title={words.title} help={words.lead} wide><Shares rows={rows.toSorted((a, b) => b.spend - a.spend)} /></Panel>}
    </Loaded>
  );
}

function Shares({ rows }: { rows: RevenueRow[] }) {
  const widest = Math.max(...rows.flatMap(({ customer_share, revenue_share }) => [customer_share ?? 0, revenue_share ?? 0]), Number.EPSILON);
  return (
    <TableRoom label={words.title}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{words.segment}</th>
            <th scope="col" data-kind="number">{words.members}</th>
            <th scope="col" data-kind="number"><span className={css.key} data-other />{words.customers}</th>
            <th scope="col" data-kind="number"><span className={css.key} />{words.revenue}</th>
            <th scope="col" className={own.bars}><span className={own.hidden}>{words.title}</span></th>
            <th scope="col" data-kind="number">{words.spend}</th>
            <th scope="col" data-kind="number">{words.each}</th>
          </tr>
        </thead>
        <tbody>{rows.map((row) => <Row key={row.segment} row={row} widest={widest} />)}</tbody>
      </table>
    </TableRoom>
  );
}

function Row({ row: { segment, name, members, customer_share, spend, revenue_share }, widest }: { row: RevenueRow; widest: number }) {
  const { currency } = useWho();
  const [people, money] = [customer_share ?? 0, revenue_share ?? 0];
  return (
    <tr data-segment={segment}>
      <th scope="row"><Link href={`/${encodeURIComponent(segment)}/insights`} className={css.link} dir="auto">{name}</Link></th>
      <td data-kind="number">{asCount(members)}</td>
      <td data-kind="number" className={css.quiet}>{asShare(people)}</td>
      <td data-kind="number">{asShare(money)}</td>
      <td className={own.bars}>
        <span className={own.both} role="img" aria-label={words.bars(people, money)}>
          <span className={css.bar} style={{ inlineSize: `${(100 * money) / widest}%` }} />
          <span className={css.bar} data-other style={{ inlineSize: `${(100 * people) / widest}%` }} />
        </span>
      </td>
      <td data-kind="number">{asMoney(spend, currency)}</td>
      <td data-kind="number">{members ? asMoney(spend / members, currency) : '–'}</td>
    </tr>
  );
}
