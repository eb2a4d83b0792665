/** Who came into a segment and who left it between two days, and what changed for them. */
import { Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { nameOf } from '../../shared/customers';
import { asList } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel } from '../../shared/kit/Panel';
import { useWho } from '../../shared/kit/session';
import { movesOf } from '../../shared/services/analyticsService';
import { t } from '../../shared/strings';
import type { Movers } from '../../shared/services/api.gen';
import type { Segment } from '../../shared/types/segment-types';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';

const WEEK = 7;
const words = t.analytics.movement;

export function Movement({ segment }: { segment: Segment }) {
  const latest = useWho().as_of ?? '';
  const [start, setStart] = useState(() => daysBefore(latest, WEEK));
  const [end, setEnd] = useState(latest);
  return (
    <>
      <div className={own.tools}>
        <TextInput type="date" label={words.from} value={start} max={latest} onChange={({ currentTarget }) => setStart(currentTarget.value)} />
        <TextInput type="date" label={words.to} value={end} max={latest} onChange={({ currentTarget }) => setEnd(currentTarget.value)} />
      </div>
      {start && end && start < end
        ? <Between segment={segment} start={start} end={end} />
        : <p className={css.note}>{words.order}</p>}
    </>
  );
}

function Between({ segment, start, end }: { segment: Segment; start: string; end: string }) {
  const moves = useQuery(movesOf(segment.id, start, end));
  return (
    <Loaded query={moves} height={320}>
      {({ entered, left }) => (
        <div className={css.grid}>
          <Panel title={words.entered(entered.count)}><Moved movers={entered} /></Panel>
          <Panel title={words.left(left.count)}><Moved movers={left} /></Panel>
        </div>
      )}
    </Loaded>
  );
}

function Moved({ movers: { count, customers } }: { movers: Movers }) {
  if (!count) return <p className={css.quiet}>{words.nobody}</p>;
  return (
    <>
      <ul className={own.movers}>
        {customers.map((customer) => (
          <li key={customer.customer_id}>
            <span className={own.mover} dir="auto">{nameOf(customer)} <span className={css.small}>{customer.customer_id}</span></span>
            {customer.because.length > 0 && <span className={css.small}>{words.because}: {asList(customer.because)}</span>}
          </li>
        ))}
      </ul>
      {customers.length < count && <Text size="sm" c="var(--quiet)" mt="sm">{words.some(customers.length, count)}</Text>}
    </>
  );
}

function daysBefore(iso: string, days: number): string {
  if (!iso) return '';
  const day = new Date(`${iso}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - days);
  return day.toISOString().slice(0, 10);
}
