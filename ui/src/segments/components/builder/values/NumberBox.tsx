import css from '../values.module.css';

interface NumberBoxProps {
  label: string;
  value: unknown;
  onChange: (value: number | '') => void;
  disabled?: boolean;
  min?: number;
  step?: number | 'any';
  /** What stands before and after the number, such as a currency's sign or a unit. */
  before?: string;
  after?: string;
  /** How many of the shown unit make one of the stored: 100 where a share is shown in percent. */
  scale?: number;
}

/** A number with its unit; the browser's own input, so that it reads the locale's decimal sign. */
export function NumberBox({ label, value, onChange, disabled, min, step = 'any', before, after, scale = 1 }: NumberBoxProps) {
  const shown = typeof value === 'number' ? String(rounded(value * scale)) : '';
  return (
    <span className={css.number}>
      {before && <span className={css.unit}>{before}</span>}
      <input
        className={css.box}
        type="number"
        inputMode="decimal"
        aria-label={label}
        value={shown}
        min={min}
        step={step}
        disabled={disabled}
        onChange={({ currentTarget }) => onChange(currentTarget.value === '' ? '' : rounded(currentTarget.valueAsNumber / scale))}
      />
      {after && <span className={css.unit}>{after}</span>}
    </span>
  );
}

/** Binary fractions do not survive ×100 and ÷100 unrounded. */
const rounded = (n: number) => Number(n.toPrecision(12));
