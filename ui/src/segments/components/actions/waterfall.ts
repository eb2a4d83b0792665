/** A campaign's arithmetic as bars: each begins where the one before it ends. */
import type { PlanOf } from '../../shared/services/api.gen';

const TAKEN = ['without_consent', 'suppressed', 'holdout'] as const;
type Counts = Pick<PlanOf, 'members' | (typeof TAKEN)[number] | 'recipients'>;

export interface Step {
  name: keyof Counts;
  count: number;
  /** Where the bar begins and how long it is, in percent of the members. */
  from: number;
  size: number;
  /** Whether these fall away. */
  taken: boolean;
}

/** Return the steps from members to recipients; what falls away is taken from the end. */
export function waterfall(plan: Counts): Step[] {
  const percent = (count: number) => (plan.members ? (100 * count) / plan.members : 0);
  let left = plan.members;
  const taken = TAKEN.map((name): Step => {
    left -= plan[name];
    return { name, count: plan[name], from: percent(left), size: percent(plan[name]), taken: true };
  });
  return [
    { name: 'members', count: plan.members, from: 0, size: percent(plan.members), taken: false },
    ...taken,
    { name: 'recipients', count: plan.recipients, from: 0, size: percent(plan.recipients), taken: false },
  ];
}
