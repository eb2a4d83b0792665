/** A customer, and what is known of one, as a person reads them. */
import { asCount, asDay, asMoney, asNumber, asShare } from './format';
import { t } from './strings';
import type { Cell, Customer, Field } from './types/segment-types';

export const nameOf = ({ first_name, last_name, customer_id }: Pick<Customer, 'customer_id' | 'first_name' | 'last_name'>): string =>
  [first_name, last_name].filter(Boolean).join(' ') || String(customer_id);

/** A value of a field. */
export function asCell(value: Cell | undefined, field: Pick<Field, 'kind' | 'unit'>, currency: string): string {
  if (value === null || value === undefined) return t.value.unknown;
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'boolean') return value ? t.value.yes : t.value.no;
  if (typeof value === 'number') return asAmount(value, field.unit, currency);
  return field.kind === 'date' ? asDay(value) : value;
}

/** A number in its unit. */
export function asAmount(value: number, unit: string, currency: string): string {
  if (unit === 'money') return asMoney(value, currency);
  if (unit === 'share') return asShare(value);
  return Number.isInteger(value) ? asCount(value) : asNumber(value);
}
