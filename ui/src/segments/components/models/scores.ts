/** A model's figures beside its baselines, as a table. */
import { t } from '../../shared/strings';
import type { Card } from '../../shared/services/api.gen';

export type Measure = keyof typeof t.models.scores.measures;

export const MEASURES = Object.keys(t.models.scores.measures) as Measure[];
const MORE_IS_BETTER = new Set<Measure>(['auc', 'ap', 'lift_10']);
/** What nobody can reach is no rival. */
const YARDSTICK = 'best_possible';

export interface Scored {
  /** A baseline's name; empty for the model. */
  name: string;
  values: Record<Measure, number | null>;
}

/** Return the model's figures in a population, then each baseline's. */
export function scoresOf(card: Card, population: string): Scored[] {
  const values = (of: Record<string, number | null> | undefined) =>
    Object.fromEntries(MEASURES.map((measure) => [measure, of?.[measure] ?? null])) as Scored['values'];
  const beside = Object.entries(card.baselines).filter(([, slices]) => slices[population]);
  return [{ name: '', values: values(card.slices[population]) }, ...beside.map(([name, slices]) => ({ name, values: values(slices[population]) }))];
}

/** Return who is best by a measure; the first of those who are even. */
export function bestBy(measure: Measure, scored: Scored[]): string | undefined {
  const sign = MORE_IS_BETTER.has(measure) ? 1 : -1;
  let best: { name: string; worth: number } | undefined;
  for (const { name, values } of scored) {
    const value = values[measure];
    if (value === null || name === YARDSTICK) continue;
    if (!best || sign * value > best.worth) best = { name, worth: sign * value };
  }
  return best?.name;
}
