/** How often a model was right on nights whose outcome is known by now. */
import { asCount, asDay, asShare } from '../../shared/format';
import { TableRoom } from '../../shared/kit/Panel';
import { t } from '../../shared/strings';
import type { Matured as Window } from '../../shared/types/model-types';
import css from '../../shared/kit/kit.module.css';

const words = t.models.matured;

export function Matured({ windows }: { windows: Window[] }) {
  if (!windows.length) return <p className={css.quiet}>{words.none}</p>;
  return (
    <TableRoom label={words.title}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{words.night}</th>
            {[words.seen, words.correct, words.share].map((label) => <th key={label} scope="col" data-kind="number">{label}</th>)}
          </tr>
        </thead>
        <tbody>
          {windows.toReversed().map(({ night, seen, correct }) => (
            <tr key={night}>
              <th scope="row">{asDay(night)}</th>
              <td data-kind="number">{asCount(seen)}</td>
              <td data-kind="number">{asCount(correct)}</td>
              <td data-kind="number">{seen ? asShare(correct / seen) : '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableRoom>
  );
}
