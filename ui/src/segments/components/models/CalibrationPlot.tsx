/** What was foretold against what came true, a tenth of the customers to a dot. */
import { asCount, asShare } from '../../shared/format';
import { TableRoom } from '../../shared/kit/Panel';
import { t } from '../../shared/strings';
import type { CalibrationPoint } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './models.module.css';

const SIZE = 320;
const [LEFT, TOP, RIGHT, BOTTOM] = [46, 10, 14, 42];
const x = (share: number) => LEFT + share * (SIZE - LEFT - RIGHT);
const y = (share: number) => SIZE - BOTTOM - share * (SIZE - TOP - BOTTOM);
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const words = t.models.calibration;

export function CalibrationPlot({ points }: { points: CalibrationPoint[] }) {
  return (
    <div className={own.calibration}>
      <svg role="img" aria-label={words.chart(points.length)} viewBox={`0 0 ${SIZE} ${SIZE}`} className={own.plot}>
        {TICKS.map((tick) => (
          <g key={tick}>
            <line x1={x(0)} x2={x(1)} y1={y(tick)} y2={y(tick)} className={own.rule} />
            <text x={x(0) - 8} y={y(tick)} dy="0.32em" textAnchor="end">{asShare(tick)}</text>
            <text x={x(tick)} y={y(0) + 16} textAnchor="middle">{asShare(tick)}</text>
          </g>
        ))}
        <text x={x(0.5)} y={SIZE - 6} textAnchor="middle">{words.foretold}</text>
        <text transform={`translate(11 ${y(0.5)}) rotate(-90)`} textAnchor="middle">{words.observed}</text>
        <line x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} className={own.ideal} />
        <polyline points={points.map(({ predicted, observed }) => `${x(predicted)},${y(observed)}`).join(' ')} className={own.course} />
        {points.map(({ predicted, observed, n }) => (
          <circle key={predicted} cx={x(predicted)} cy={y(observed)} r="4.5" className={own.point}>
            <title>{`${words.foretold} ${asShare(predicted)}, ${words.observed} ${asShare(observed)}, ${t.customers(n)}`}</title>
          </circle>
        ))}
      </svg>
      <details className={own.numbers}>
        <summary>{words.table}</summary>
        <TableRoom label={words.table}>
          <table className={css.table}>
            <thead><tr>{[words.foretold, words.observed, words.customers].map((label) => <th key={label} scope="col" data-kind="number">{label}</th>)}</tr></thead>
            <tbody>
              {points.map(({ predicted, observed, n }) => (
                <tr key={predicted}><td data-kind="number">{asShare(predicted)}</td><td data-kind="number">{asShare(observed)}</td><td data-kind="number">{asCount(n)}</td></tr>
              ))}
            </tbody>
          </table>
        </TableRoom>
      </details>
    </div>
  );
}
