/** A line of a few numbers, as high as a word: the shape of a trend, no more. */
interface SparkProps {
  values: number[];
  label: string;
  width?: number;
  height?: number;
}

export function Spark({ values, label, width = 96, height = 28 }: SparkProps) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const x = (at: number) => 2 + (at * (width - 4)) / Math.max(1, values.length - 1);
  // A line that does not move lies in the middle, not on the floor.
  const y = (value: number) => (high === low ? height / 2 : height - 3 - ((value - low) * (height - 6)) / (high - low));
  const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`);
  const last = values.at(-1);
  return (
    <svg role="img" aria-label={label} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
      <polyline points={points.join(' ')} fill="none" stroke="var(--accent)" strokeWidth="1.5" strokeLinejoin="round" strokeLinecap="round" />
      {last !== undefined && <circle cx={x(values.length - 1)} cy={y(last)} r="2.25" fill="var(--accent)" />}
    </svg>
  );
}
