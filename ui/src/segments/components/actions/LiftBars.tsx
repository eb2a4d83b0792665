/** How good a list is beside what it must be better than, at one size. */
import { asNumber } from '../../shared/format';
import { t } from '../../shared/strings';
import type { Lift } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './actions.module.css';

const words = t.actions.lookalike;
const rounded = (lift: number) => asNumber(Math.round(10 * lift) / 10);
const WAYS = ['lift', 'within_activity_lift', 'spenders_lift'] as const;

export function LiftBars({ lift }: { lift: Lift }) {
  const ways: [string, number | null][] = [...WAYS.map((way): [string, number | null] => [way, lift[way]]), ['random', 1]];
  const most = Math.max(...ways.map(([, value]) => value ?? 0));
  return (
    <ul className={own.lifts}>
      {ways.map(([way, value]) => (
        <li key={way}>
          <span>{words.ways[way as keyof typeof words.ways]}</span>
          <span className={own.liftValue}>{value === null ? words.noEvidence : words.lift(rounded(value))}</span>
          <span className={css.bar} data-other={way === 'lift' ? undefined : true} style={{ inlineSize: `${(100 * (value ?? 0)) / most}%` }} />
          {way === 'lift' && lift.low !== null && lift.high !== null && <span className={css.small}>{words.interval(rounded(lift.low), rounded(lift.high))}</span>}
        </li>
      ))}
    </ul>
  );
}
