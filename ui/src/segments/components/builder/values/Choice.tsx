import type { ReactNode } from 'react';
import css from '../values.module.css';

interface ChoiceProps<V extends string> {
  label: string;
  value: V;
  options: { value: V; label: string }[];
  onChange: (value: V) => void;
  disabled?: boolean | undefined;
  /** Drawn as a word of the sentence rather than as a box. */
  quiet?: boolean;
}

/** One of a few; the browser's own list, which every device knows how to open. */
export function Choice<V extends string>({ label, value, options, onChange, disabled, quiet = false }: ChoiceProps<V>): ReactNode {
  const unknown = !options.some((option) => option.value === value);
  return (
    <select
      className={quiet ? css.word : css.select}
      aria-label={label}
      value={value}
      disabled={disabled}
      onChange={({ currentTarget }) => onChange(currentTarget.value as V)}
    >
      {unknown && <option value={value}>{value || '—'}</option>}
      {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
    </select>
  );
}
