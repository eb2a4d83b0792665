/** Why one person is in the segment, or not: each condition with what the person has. */
import { Drawer, Skeleton, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { asCell, nameOf } from '../../shared/customers';
import { useWho } from '../../shared/kit/session';
import { ErrorState } from '../../shared/kit/States';
import { useService } from '../../shared/services/segmentationService';
import { t } from '../../shared/strings';
import type { Customer, Explanation as Explained, Group } from '../../shared/types/segment-types';
import { sentenceCase, type Criteria } from './criteria';
import css from './preview.module.css';
import { isGroup, nodeAt } from './ruleTree';

interface ExplanationProps {
  customer: Customer;
  rule: Group;
  criteria: Criteria;
  /** The day that is asked about; the latest night unless given. */
  as_of?: string | undefined;
  onClose: () => void;
}

export function Explanation({ customer, rule, criteria, as_of, onClose }: ExplanationProps) {
  const { explainCustomer } = useService();
  const id = customer.customer_id;
  const query = useQuery({
    queryKey: ['explain', id, JSON.stringify(rule), as_of],
    queryFn: ({ signal }) => explainCustomer(id, rule, as_of, { signal }),
  });
  const name = nameOf(customer);
  const title = !query.data ? name : query.data.member ? t.explain.in(name) : t.explain.out(name);
  return (
    <Drawer opened onClose={onClose} position="right" title={title}>
      {query.isPending && <Stack gap="sm">{[0, 1, 2].map((at) => <Skeleton key={at} height={56} />)}</Stack>}
      {query.isError && <ErrorState error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && <Reasons explained={query.data} rule={rule} criteria={criteria} />}
    </Drawer>
  );
}

function Reasons({ explained, rule, criteria }: { explained: Explained; rule: Group; criteria: Criteria }) {
  const { currency } = useWho();
  /** What an event has is a plain number: how often it happened. */
  const fieldAt = (path: number[]) => {
    const node = nodeAt(rule, path);
    return (node && !isGroup(node) && criteria.fields.get(node.field)) || { kind: 'text' as const, unit: '' };
  };
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
              <div>{sentenceCase(words)}</div>
              <div className={css.small}>{t.explain.has}: {asCell(value, fieldAt(path), currency)}</div>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
