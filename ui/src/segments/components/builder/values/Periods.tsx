/** Spans of time: "30 days", "30 to 60 days ago", "this month". */
import { t } from '../../../shared/strings';
import css from '../values.module.css';
import { Choice } from './Choice';
import { NumberBox } from './NumberBox';

type Unit = keyof typeof t.value.units;

const UNITS = Object.entries(t.value.units).map(([value, label]) => ({ value: value as Unit, label }));
const MONTHS = [
  { value: 'this', label: t.value.thisMonth },
  { value: 'next', label: t.value.nextMonth },
  ...Array.from({ length: 12 }, (_, at) => ({
    value: String(at + 1),
    label: new Intl.DateTimeFormat(undefined, { month: 'long', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, at))),
  })),
];

interface PeriodProps<V> {
  label: string;
  value: V;
  onChange: (value: V) => void;
  disabled?: boolean | undefined;
}

export interface Span {
  n: number | '';
  unit: Unit;
}

export interface AgoSpan {
  from: number | '';
  to: number | '';
  unit: Unit;
}

export function Period({ label, value, onChange, disabled = false }: PeriodProps<Span>) {
  return (
    <>
      <NumberBox label={t.value.n(label)} value={value.n} min={1} disabled={disabled} onChange={(n) => onChange({ ...value, n })} />
      <Choice label={t.value.unit(label)} value={value.unit} options={UNITS} disabled={disabled} onChange={(unit) => onChange({ ...value, unit })} />
    </>
  );
}

export function Ago({ label, value, onChange, disabled = false }: PeriodProps<AgoSpan>) {
  return (
    <>
      <NumberBox label={t.value.from(label)} value={value.from} min={0} disabled={disabled} onChange={(from) => onChange({ ...value, from })} />
      <span className={css.unit}>{t.value.and}</span>
      <NumberBox label={t.value.to(label)} value={value.to} min={0} disabled={disabled} onChange={(to) => onChange({ ...value, to })} />
      <Choice label={t.value.unit(label)} value={value.unit} options={UNITS} disabled={disabled} onChange={(unit) => onChange({ ...value, unit })} />
      <span className={css.unit}>{t.value.ago}</span>
    </>
  );
}

export function Month({ label, value, onChange, disabled }: PeriodProps<string | number>) {
  return (
    <Choice label={t.value.month(label)} value={String(value)} options={MONTHS} disabled={disabled}
      onChange={(month) => onChange(/^\d+$/.test(month) ? Number(month) : month)} />
  );
}
