/** How a list becomes less exact the longer it is; loaded when it is first drawn. */
import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import { asNumber } from '../../shared/format';
import { Legend } from '../../shared/kit/Legend';
import { t } from '../../shared/strings';
import type { Lift } from '../../shared/services/api.gen';

const words = t.actions.lookalike;

export default function LiftChart({ curve, size }: { curve: Lift[]; size: number }) {
  return (
    <>
      <LineChart data={curve as unknown as Record<string, number | null>[]} dataKey="size" h={240} gridAxis="x" tickLine="none" curveType="monotone"
      series={[
        { name: 'lift', label: words.ways.lift, color: 'var(--accent)' },
        { name: 'within_activity_lift', label: words.ways.within_activity_lift, color: 'var(--accent)', strokeDasharray: '4 4' },
        { name: 'spenders_lift', label: words.ways.spenders_lift, color: 'var(--other)' },
      ]}
      referenceLines={[{ x: size, color: 'var(--quiet)' }]}
      valueFormatter={(lift) => words.lift(asNumber(lift))} yAxisProps={{ width: 48 }} xAxisProps={{ tickFormatter: words.percent }}
      lineChartProps={{ 'aria-label': words.chart } as object} />
      <Legend entries={[{ label: words.ways.lift }, { label: words.ways.within_activity_lift, dashed: true }, { label: words.ways.spenders_lift, other: true }]} />
    </>
  );
}
