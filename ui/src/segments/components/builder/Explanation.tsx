/** Why one person is in the segment, or not: each condition with what the person has. */
import { Drawer, Skeleton, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { asList } from '../../shared/format';
import { ErrorState } from '../../shared/kit/States';
import { explainCustomer } from '../../shared/services/segmentationService';
import { t } from '../../shared/strings';
import type { Cell, Customer, Explanation as Explained, Group } from '../../shared/types/segment-types';
import { nameOf } from './CustomerTable';
import css from './preview.module.css';

interface ExplanationProps {
  customer: Customer;
  rule: Group;
  onClose: () => void;
}

export function Explanation({ customer, rule, onClose }: ExplanationProps) {
  const id = customer.customer_id;
  const query = useQuery({
    queryKey: ['explain', id, JSON.stringify(rule)],
    queryFn: ({ signal }) => explainCustomer(id, rule, { signal }),
  });
  const name = nameOf(customer);
  const title = !query.data ? name : query.data.member ? t.explain.in(name) : t.explain.out(name);
  return (
    <Drawer opened onClose={onClose} position="right" title={title} closeButtonProps={{ 'aria-label': t.explain.close }} classNames={{ title: css.drawerTitle ?? '' }}>
      {query.isPending && <Stack gap="sm">{[0, 1, 2].map((at) => <Skeleton key={at} height={56} />)}</Stack>}
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && <Reasons explained={query.data} />}
    </Drawer>
  );
}

function Reasons({ explained }: { explained: Explained }) {
  return (
    <>
      <Text size="sm" c="var(--quiet)">{explained.sentence}</Text>
      <ul className={css.reasons}>
        {explained.conditions.map(({ path, words, value, holds, wanted }) => (
          <li key={path.join('.')} data-decides={holds !== wanted || undefined}>
            {holds === wanted
              ? <IconCircleCheck size={18} aria-label={t.explain.holds} className={css.yes} />
              : <IconCircleX size={18} aria-label={t.explain.fails} className={css.no} />}
            <div>
              <div>{words}</div>
              <div className={css.small}>{t.explain.has}: {asWords(value)}</div>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function asWords(value: Cell): string {
  if (value === null) return t.explain.unknown;
  if (typeof value === 'boolean') return value ? t.value.yes : t.value.no;
  return Array.isArray(value) ? asList(value) : String(value);
}
