/** The first customers of a rule, with the fields that the rule speaks of; each row tells why. */
import { Text, Title } from '@mantine/core';
import { asCount, asDay, asMoney, asNumber, asShare } from '../../shared/format';
import { useWho } from '../../shared/kit/session';
import { t } from '../../shared/strings';
import type { Cell, Customer, Field, Preview } from '../../shared/types/segment-types';
import { sentenceCase } from './criteria';
import { useEditor } from './editor';
import css from './preview.module.css';

const IDENTITY = new Set(['customer_id', 'first_name', 'last_name', 'email', 'phone']);

export const nameOf = ({ first_name, last_name, customer_id }: Customer): string =>
  [first_name, last_name].filter(Boolean).join(' ') || String(customer_id);

export function CustomerTable({ answer, onAsk }: { answer: Preview; onAsk: (customer: Customer) => void }) {
  const { criteria } = useEditor();
  const { currency } = useWho();
  const { sample } = answer;
  if (!sample.length) {
    return (
      <div className={css.nothing}>
        <Text fw={560}>{t.preview.nobody}</Text>
        <Text size="sm" c="var(--quiet)">{t.preview.nobodyHelp}</Text>
      </div>
    );
  }
  const names = Object.keys(sample[0]!).filter((name) => !IDENTITY.has(name));
  const fields = names.map((name) => criteria.fields.get(name) ?? { name, label: name, kind: 'text' as const, unit: '' });
  return (
    <>
      <div className={css.heading}>
        <Title order={2}>{t.preview.sample}</Title>
        <Text size="xs" c="var(--quiet)">{t.preview.sampleOf(sample.length, answer.count ?? 0)}</Text>
      </div>
      <div className={css.scroll} tabIndex={0} role="region" aria-label={t.preview.sample}>
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">{t.preview.customer}</th>
              {fields.map(({ name, label, kind }) => <th key={name} scope="col" data-kind={kind}>{sentenceCase(label)}</th>)}
            </tr>
          </thead>
          <tbody>
            {sample.map((customer) => (
              <tr key={customer.customer_id}>
                <th scope="row">
                  <button type="button" className={css.person} aria-label={t.preview.why(nameOf(customer))} onClick={() => onAsk(customer)}>
                    <span className="ellipsis" dir="auto">{nameOf(customer)}</span>
                    {customer.email && <span className={`${css.small} ellipsis`}>{customer.email}</span>}
                  </button>
                </th>
                {fields.map((field) => <td key={field.name} data-kind={field.kind}>{asCell(customer[field.name], field, currency)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** A value as a person reads it. */
export function asCell(value: Cell | undefined, field: Pick<Field, 'kind' | 'unit'>, currency: string): string {
  if (value === null || value === undefined) return t.value.unknown;
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'boolean') return value ? t.value.yes : t.value.no;
  if (typeof value === 'number') {
    if (field.unit === 'money') return asMoney(value, currency);
    if (field.unit === 'share') return asShare(value);
    return Number.isInteger(value) ? asCount(value) : asNumber(value);
  }
  return field.kind === 'date' ? asDay(value) : value;
}
