/** A model beside the simplest ways to foretell the same, measure by measure. */
import { Tooltip } from '@mantine/core';
import { asFigure } from '../../shared/format';
import { TableRoom } from '../../shared/kit/Panel';
import { t } from '../../shared/strings';
import type { Card } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './models.module.css';
import { bestBy, MEASURES, scoresOf } from './scores';

const words = t.models.scores;

export function ScoreTable({ card, population }: { card: Card; population: string }) {
  const scored = scoresOf(card, population);
  const best = new Map(MEASURES.map((measure) => [measure, bestBy(measure, scored)]));
  return (
    <TableRoom label={words.title}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{words.score}</th>
            {MEASURES.map((measure) => (
              <th key={measure} scope="col" data-kind="number">
                <Tooltip label={words.measures[measure].help} multiline maw={260} events={{ hover: true, focus: true, touch: true }}>
                  <span className={own.measure} tabIndex={0}>{words.measures[measure].label}</span>
                </Tooltip>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {scored.map(({ name, values }) => (
            <tr key={name} data-model={name === '' || undefined} className={own.scored}>
              <th scope="row">{name ? (words.baselines[name] ?? name) : words.model}</th>
              {MEASURES.map((measure) => (
                <td key={measure} data-kind="number" data-best={best.get(measure) === name || undefined}>
                  {values[measure] === null ? '–' : asFigure(values[measure])}
                  {best.get(measure) === name && <span className={own.hidden}>({words.best})</span>}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableRoom>
  );
}
