/** How a field is spread among members and others, as bars by range; loaded when it is first drawn. */
import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { asShare } from '../../shared/format';
import { Legend } from '../../shared/kit/Legend';
import { t } from '../../shared/strings';

export interface Part {
  range: string;
  segment: number;
  against: number;
}

interface DistributionChartProps {
  parts: Part[];
  label: string;
  name: string;
  against: string;
}

export default function DistributionChart({ parts, label, name, against }: DistributionChartProps) {
  return (
    <>
      <BarChart data={parts} dataKey="range" h={240} gridAxis="x" tickLine="none"
      series={[
        { name: 'segment', label: name, color: 'var(--accent)' },
        { name: 'against', label: against, color: 'var(--other)' },
      ]}
      valueFormatter={asShare} yAxisProps={{ width: 48 }} xAxisProps={{ interval: 'preserveStartEnd', minTickGap: 8 }}
      barChartProps={{ 'aria-label': t.analytics.distribution.chart(label) } as object} />
      <Legend entries={[{ label: name }, { label: against, other: true }]} />
    </>
  );
}
