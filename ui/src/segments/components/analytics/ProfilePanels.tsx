/** What the members of a segment are like beside others: averages, spreads, and differences in words. */
import { NativeSelect, Skeleton } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import { asAmount } from '../../shared/customers';
import { asNumber } from '../../shared/format';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { useWho } from '../../shared/kit/session';
import { t } from '../../shared/strings';
import type { Apart, DistributionOf, MeasureOf, ProfileOf } from '../../shared/services/api.gen';
import { sentenceCase } from '../builder/criteria';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';
import { barsOf, firstShown, partsOf, ratioOf } from './profile';

const DistributionChart = lazy(() => import('./DistributionChart'));

interface ProfilePanelsProps {
  profile: ProfileOf;
  /** What the members are called, and the others. */
  name: string;
  against: string;
}

export function ProfilePanels({ profile, name, against }: ProfilePanelsProps) {
  return (
    <>
      <Panel title={t.analytics.differences.title} help={t.analytics.differences.help}><Differences differences={profile.differences} /></Panel>
      <Spread distributions={profile.distributions} name={name} against={against} />
      <Panel title={t.analytics.averages.title} wide><Averages measures={profile.measures} name={name} against={against} /></Panel>
    </>
  );
}

function Differences({ differences }: { differences: Apart[] }) {
  if (!differences.length) return <p className={css.quiet}>{t.analytics.differences.none}</p>;
  const most = Math.max(...differences.map(({ size }) => Math.abs(size)));
  return (
    <ol className={own.differences}>
      {differences.map(({ field, words, size }) => (
        <li key={field + words}>
          <span dir="auto">{sentenceCase(words)}</span>
          <span className={own.track} role="img" aria-label={t.analytics.differences.strength(Math.abs(size))}>
            <span className={css.bar} style={{ inlineSize: `${(100 * Math.abs(size)) / most}%` }} />
          </span>
        </li>
      ))}
    </ol>
  );
}

function Spread({ distributions, name, against }: { distributions: DistributionOf[]; name: string; against: string }) {
  const { currency } = useWho();
  const [chosen, setChosen] = useState('');
  const shown = distributions.find(({ field }) => field === chosen) ?? firstShown(distributions);
  const choice = shown && (
    <NativeSelect size="xs" aria-label={t.analytics.distribution.field} value={shown.field} onChange={({ currentTarget }) => setChosen(currentTarget.value)}
      data={distributions.map(({ field, label }) => ({ value: field, label: sentenceCase(label) }))} />
  );
  return (
    <Panel title={t.analytics.distribution.title} help={shown && t.analytics.distribution.help(shown.label)} tools={choice}>
      {shown ? (
        <Suspense fallback={<Skeleton height={260} radius="md" />}>
          <DistributionChart parts={partsOf(shown, currency)} label={shown.label} name={name} against={against} />
        </Suspense>
      ) : <p className={css.quiet}>{t.analytics.distribution.none}</p>}
    </Panel>
  );
}

function Averages({ measures, name, against }: { measures: MeasureOf[]; name: string; against: string }) {
  const { currency } = useWho();
  const words = t.analytics.averages;
  return (
    <TableRoom label={words.title}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{words.measure}</th>
            <th scope="col" data-kind="number"><span className={css.key} />{name}</th>
            <th scope="col" data-kind="number"><span className={css.key} data-other />{against}</th>
            <th scope="col" className={own.bars}><span className={own.hidden}>{words.measure}</span></th>
            <th scope="col" data-kind="number"><span aria-hidden="true">×</span><span className={own.hidden}>{words.ratio}</span></th>
          </tr>
        </thead>
        <tbody>
          {measures.map((measure) => {
            const { segment, other } = barsOf(measure);
            const ratio = ratioOf(measure);
            return (
              <tr key={measure.name}>
                <th scope="row">{sentenceCase(measure.label)}</th>
                <td data-kind="number">{measure.segment === null ? '–' : asAmount(measure.segment, measure.unit, currency)}</td>
                <td data-kind="number" className={css.quiet}>{measure.against === null ? '–' : asAmount(measure.against, measure.unit, currency)}</td>
                <td className={own.bars} aria-hidden="true">
                  <span className={css.bar} style={{ inlineSize: `${segment}%` }} />
                  <span className={css.bar} data-other style={{ inlineSize: `${other}%` }} />
                </td>
                <td data-kind="number" className={css.quiet}>{ratio === null ? '' : words.times(asNumber(ratio))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableRoom>
  );
}
