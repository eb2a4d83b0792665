/** A segment's size over the nights, and who came and went; loaded when it is first drawn. */
import '@mantine/charts/styles.css';
import { AreaChart, BarChart } from '@mantine/charts';
import { asChange, asCount, asDay, asDayOfMonth } from '../../shared/format';
import { Legend } from '../../shared/kit/Legend';
import { t } from '../../shared/strings';
import type { NightOf } from '../../shared/services/api.gen';

const DAY = 86_400_000; // milliseconds
const SYNC = 'nights';

/** Nights are drawn where they lie in time: between two may be days on which none was run. */
const at = (iso: string) => Date.parse(`${iso}T00:00:00Z`);
const iso = (time: number) => new Date(time).toISOString();

export default function TrendChart({ nights }: { nights: NightOf[] }) {
  const data = nights.map(({ as_of, count, entered, left }) => ({ at: at(as_of), count, entered, left: -left }));
  const [first, last] = [data[0]!.at, data.at(-1)!.at];
  const xAxisProps = {
    type: 'number' as const,
    scale: 'time' as const,
    domain: [first - DAY, last + DAY] as [number, number],
    tickFormatter: (time: number) => asDayOfMonth(iso(time)),
    minTickGap: 32,
  };
  const shared = {
    data,
    dataKey: 'at',
    xAxisProps,
    tooltipProps: { labelFormatter: (time: unknown) => (typeof time === 'number' ? asDay(iso(time)) : '') },
    gridAxis: 'x' as const,
    tickLine: 'none' as const,
  };
  return (
    <>
      <AreaChart {...shared} h={220} withDots={nights.length < 40} curveType="monotone" strokeWidth={2} fillOpacity={0.14}
        series={[{ name: 'count', label: t.analytics.trend.size, color: 'var(--accent)' }]}
        yAxisProps={{ domain: ['auto', 'auto'], width: 56, allowDecimals: false }}
        valueFormatter={asCount} areaChartProps={{ syncId: SYNC, 'aria-label': t.analytics.trend.chart } as object} withXAxis={false} />
      <BarChart {...shared} h={110} type="stacked" maxBarWidth={14}
        series={[
          { name: 'entered', label: t.analytics.trend.entered, color: 'var(--accent)' },
          { name: 'left', label: t.analytics.trend.left, color: 'var(--other)' },
        ]}
        yAxisProps={{ width: 56, allowDecimals: false }}
        valueFormatter={asChange} barChartProps={{ syncId: SYNC, stackOffset: 'sign', 'aria-label': t.analytics.trend.movesChart } as object} />
      <Legend entries={[{ label: t.analytics.trend.entered }, { label: t.analytics.trend.left, other: true }]} />
    </>
  );
}
