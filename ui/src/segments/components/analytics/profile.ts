/** A profile as it is drawn. */
import { asAmount } from '../../shared/customers';
import { asShort } from '../../shared/format';
import type { DistributionOf, MeasureOf } from '../../shared/services/api.gen';
import type { Part } from './DistributionChart';

/** Return how long the two bars of a measure are, in percent of the longer. */
export function barsOf({ segment, against }: Pick<MeasureOf, 'segment' | 'against'>): { segment: number; other: number } {
  const most = Math.max(segment ?? 0, against ?? 0);
  const part = (value: number | null) => (most > 0 && value !== null ? (100 * Math.max(value, 0)) / most : 0);
  return { segment: part(segment), other: part(against) };
}

/** Return how many times the others' mean the members' is; null where that says nothing. */
export function ratioOf({ segment, against }: Pick<MeasureOf, 'segment' | 'against'>): number | null {
  if (segment === null || against === null || against <= 0) return null;
  return Math.round((segment / against) * 10) / 10;
}

/** Return what is shown first: the risk of churn where a model says it. */
export const firstShown = (distributions: DistributionOf[]): DistributionOf | undefined =>
  distributions.find(({ field }) => field === 'churn_risk') ?? distributions[0];

/** Return the parts of a distribution, named by where they begin and end. */
export function partsOf({ edges, segment, against, unit }: DistributionOf, currency: string): Part[] {
  const edge = (value: number) => (unit === 'share' ? asAmount(value, unit, currency) : asShort(value));
  return segment.map((share, at) => ({
    range: `${edge(edges[at]!)}–${edge(edges[at + 1]!)}`,
    segment: share,
    against: against[at]!,
  }));
}
