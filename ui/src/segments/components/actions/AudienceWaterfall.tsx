/** From members to recipients, step by step: who falls away, and why. */
import { asCount } from '../../shared/format';
import { t } from '../../shared/strings';
import type { PlanOf } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './actions.module.css';
import { waterfall } from './waterfall';

const words = t.actions.campaign;
const LABELS = { members: words.members, without_consent: words.without_consent, suppressed: words.suppressed, holdout: words.heldOut, recipients: words.recipients };

export function AudienceWaterfall({ plan }: { plan: PlanOf }) {
  return (
    <dl className={own.waterfall}>
      {waterfall(plan).map(({ name, count, from, size, taken }) => (
        <div key={name} data-step={name} data-taken={taken || undefined}>
          <dt>{LABELS[name]}</dt>
          <dd>
            <span className={own.fall} aria-hidden="true"><span className={css.bar} data-other={taken || undefined} style={{ marginInlineStart: `${from}%`, inlineSize: `${size}%` }} /></span>
            <span className={own.count}>{taken ? `− ${asCount(count)}` : asCount(count)}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
