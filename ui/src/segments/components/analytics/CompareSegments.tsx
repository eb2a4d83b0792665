/** One segment beside another, or beside everybody else. Both are in the address. */
import { Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { asShare } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { EmptyState } from '../../shared/kit/States';
import { profileOf, REST } from '../../shared/services/analyticsService';
import { t } from '../../shared/strings';
import type { ProfileOf } from '../../shared/services/api.gen';
import type { Segment } from '../../shared/types/segment-types';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';
import { ProfilePanels } from './ProfilePanels';

const words = t.analytics.compare;

export function CompareSegments({ segments }: { segments: Segment[] }) {
  const [search, setSearch] = useSearchParams();
  const choices = segments.filter(({ unavailable }) => !unavailable).map(({ id, name }) => ({ value: id, label: name }));
  const first = search.get('segment') ?? choices[0]?.value ?? '';
  const second = search.get('against') ?? choices[1]?.value ?? REST;
  const choose = (change: Record<string, string>) => setSearch({ segment: first, against: second, ...change }, { replace: true });
  return (
    <>
      <div className={own.tools}>
        <Select className={own.side} label={words.first} searchable allowDeselect={false} data={choices} value={first} onChange={(id) => id && choose({ segment: id })} />
        <Select className={own.side} label={words.second} searchable allowDeselect={false} data={[{ value: REST, label: words.rest }, ...choices]} value={second}
          onChange={(id) => id && choose({ against: id })} />
      </div>
      {first && first !== second ? <Beside first={first} second={second} names={new Map(choices.map(({ value, label }) => [value, label]))} /> : <EmptyState title={words.pick} />}
    </>
  );
}

function Beside({ first, second, names }: { first: string; second: string; names: Map<string, string> }) {
  const profile = useQuery(profileOf(first, second, undefined));
  const against = names.get(second) ?? t.analytics.averages.rest;
  return (
    <Loaded query={profile} height={480}>
      {(found) => (
        <>
          <Sizes profile={found} name={names.get(first) ?? first} against={against} />
          <div className={css.grid}><ProfilePanels profile={found} name={names.get(first) ?? first} against={against} /></div>
        </>
      )}
    </Loaded>
  );
}

function Sizes({ profile, name, against }: { profile: ProfileOf; name: string; against: string }) {
  return (
    <dl className={css.figures}>
      <div className={css.figure}>
        <dt dir="auto">{name}</dt>
        <dd>{t.customers(profile.count)}</dd>
        {profile.revenue_share !== null && <dd>{asShare(profile.revenue_share)} {t.analytics.figures.revenueHelp}</dd>}
      </div>
      <div className={css.figure}>
        <dt dir="auto">{against}</dt>
        <dd>{t.customers(profile.against_count)}</dd>
      </div>
    </dl>
  );
}
