import { useState } from 'react';
import { asPlainNumber, numberIn } from '../../../shared/format';
import css from '../values.module.css';

interface NumberBoxProps {
  label: string;
  value: unknown;
  onChange: (value: number | '') => void;
  disabled?: boolean;
  min?: number;
  /** What stands before and after the number, such as a currency's sign or a unit. */
  before?: string;
  after?: string;
  /** How many of the shown unit make one of the stored: 100 where a share is shown in percent. */
  scale?: number;
}

const STEPS: Record<string, number> = { ArrowUp: 1, ArrowDown: -1 };

/**
 * A number with its unit, read and written as the locale does. The browser's own number input drops
 * the comma of 12,5 where its menus speak another language than the page, and 125 is meant by nobody.
 */
export function NumberBox({ label, value, onChange, disabled, min = -Infinity, before, after, scale = 1 }: NumberBoxProps) {
  const [typed, setTyped] = useState('');
  const number = typeof value === 'number' ? rounded(value * scale) : undefined;
  const set = (to: number | undefined) => onChange(to === undefined ? '' : rounded(to / scale));
  const text = numberIn(typed) === number ? typed : '';
  return (
    <span className={css.number}>
      {before && <span className={css.unit}>{before}</span>}
      <input
        className={css.box}
        inputMode="decimal"
        autoComplete="off"
        aria-label={label}
        value={text || (number === undefined ? '' : asPlainNumber(number))}
        disabled={disabled}
        onChange={({ currentTarget }) => {
          setTyped(currentTarget.value);
          set(numberIn(currentTarget.value));
        }}
        onBlur={() => setTyped('')}
        onKeyDown={(event) => {
          const step = STEPS[event.key];
          if (step === undefined || event.altKey) return;
          event.preventDefault();
          set(Math.max(min, rounded((number ?? 0) + step)));
        }}
      />
      {after && <span className={css.unit}>{after}</span>}
    </span>
  );
}

/** Binary fractions do not survive ×100 and ÷100 unrounded. */
const rounded = (n: number) => Number(n.toPrecision(12));
