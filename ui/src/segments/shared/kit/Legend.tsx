/** What the colours of a chart mean. */
import css from './kit.module.css';

export interface LegendEntry {
  label: string;
  /** The quieter colour: what something is compared with. */
  other?: boolean;
  dashed?: boolean;
}

export function Legend({ entries }: { entries: LegendEntry[] }) {
  return (
    <ul className={css.legend}>
      {entries.map(({ label, other, dashed }) => (
        <li key={label} dir="auto"><span className={css.key} data-other={other || undefined} data-dashed={dashed || undefined} />{label}</li>
      ))}
    </ul>
  );
}
