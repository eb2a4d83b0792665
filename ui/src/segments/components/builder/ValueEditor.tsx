/** What a condition compares with: one editor for each shape of value, and for one value each kind. */
import { useWho } from '../../shared/kit/session';
import { currencySign } from '../../shared/format';
import { t } from '../../shared/strings';
import type { Field, ValueShape } from '../../shared/types/segment-types';
import css from './values.module.css';
import { Choice } from './values/Choice';
import { Choices } from './values/Choices';
import { NumberBox } from './values/NumberBox';
import { Ago, Month, Period, type AgoSpan, type Span } from './values/Periods';
import { SuggestedText, SuggestedTexts } from './values/Suggested';

interface ValueEditorProps {
  shape: ValueShape;
  field: Field;
  /** The event whose sub-field it is, empty for a field of the customer. */
  event: string;
  label: string;
  value: unknown;
  onChange: (value: unknown) => void;
  disabled?: boolean;
}

const FEW = 8; // as many choices as are read at a glance

export function ValueEditor(props: ValueEditorProps) {
  const { shape, field, event, label, value, onChange, disabled } = props;
  switch (shape) {
    case 'none':
      return null;
    case 'two':
      return <Pair {...props} />;
    case 'list': {
      const many = { label: t.value.many(label), value: asArray(value), onChange, disabled };
      const few = field.choices.length > 0 && field.choices.length <= FEW;
      return few ? <Choices {...many} choices={field.choices} /> : <SuggestedTexts {...many} field={field} event={event} />;
    }
    case 'share':
      return <NumberBox label={t.value.one(label)} value={value} min={0} after={t.value.percentOfCustomers} disabled={disabled ?? false} onChange={onChange} />;
    case 'count':
      return <NumberBox label={t.value.one(label)} value={value} min={1} after={t.value.customers} disabled={disabled ?? false} onChange={onChange} />;
    case 'period':
      return <Period label={label} value={value as Span} disabled={disabled} onChange={onChange} />;
    case 'ago':
      return <Ago label={label} value={value as AgoSpan} disabled={disabled} onChange={onChange} />;
    case 'month':
      return <Month label={label} value={value as string | number} disabled={disabled} onChange={onChange} />;
    case 'one':
      return <OneValue {...props} label={t.value.one(label)} />;
  }
}

const asArray = (value: unknown): (string | number)[] => (Array.isArray(value) ? value : value === '' || value === null || value === undefined ? [] : [value as string]);

function Pair(props: ValueEditorProps) {
  const { label, value, onChange } = props;
  const [from = '', to = ''] = asArray(value);
  return (
    <>
      <OneValue {...props} first label={t.value.from(label)} value={from} onChange={(next) => onChange([next, to])} />
      <span className={css.unit}>{t.value.and}</span>
      <OneValue {...props} label={t.value.to(label)} value={to} onChange={(next) => onChange([from, next])} />
    </>
  );
}

/** One value of the field's kind; the `first` of a pair leaves the unit behind it to the second. */
function OneValue({ field, event, label, value, onChange, disabled, first = false }: ValueEditorProps & { first?: boolean }) {
  const { currency } = useWho();
  switch (field.kind) {
    case 'number': {
      const { after, ...unit } = unitOf(field, currency);
      return <NumberBox label={label} value={value} disabled={disabled ?? false} onChange={onChange} {...unit} {...(after && !first && { after })} />;
    }
    case 'boolean':
      return (
        <Choice label={label} value={String(value)} disabled={disabled} onChange={(said) => onChange(said === 'true')}
          options={[{ value: 'true', label: t.value.yes }, { value: 'false', label: t.value.no }]} />
      );
    case 'date':
      return <input className={css.box} type="date" aria-label={label} value={String(value ?? '')} disabled={disabled} onChange={({ currentTarget }) => onChange(currentTarget.value)} />;
    default: {
      const text = String(value ?? '');
      if (!field.choices.length) return <SuggestedText label={label} field={field} event={event} value={text} disabled={disabled} onChange={onChange} />;
      const options = field.choices.map((choice) => ({ value: choice, label: choice.replaceAll('_', ' ') }));
      return <Choice label={label} value={text} disabled={disabled} onChange={onChange} options={text ? options : [{ value: '', label: t.value.pick }, ...options]} />;
    }
  }
}

function unitOf({ unit }: Field, currency: string): { before?: string; after?: string; scale?: number } {
  switch (unit) {
    case 'money':
      return { before: currencySign(currency) };
    case 'share':
      return { after: t.value.percent, scale: 100 };
    default:
      return unit ? { after: unit } : {};
  }
}
