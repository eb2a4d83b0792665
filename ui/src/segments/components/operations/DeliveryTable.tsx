/** What was, or is to be, sent to a webhook. */
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { asCount, asDay, asMoment } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { TableRoom } from '../../shared/kit/Panel';
import { deliveriesOf, retryDelivery } from '../../shared/services/operationService';
import { t } from '../../shared/strings';
import type { DeliveryOf } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';

const words = t.operations.webhooks;

export function DeliveryTable({ webhook, url }: { webhook: number; url: string }) {
  const deliveries = useQuery(deliveriesOf(webhook));
  return (
    <Loaded query={deliveries} height={80}>
      {({ deliveries: found }) => found.length ? (
        <TableRoom label={words.deliveriesOf(url)}>
          <table className={css.table}>
            <thead>
              <tr>
                {[words.night, words.event, words.state].map((label) => <th key={label} scope="col">{label}</th>)}
                <th scope="col" data-kind="number">{words.attempts}</th>
                <th scope="col">{words.answer}</th>
              </tr>
            </thead>
            <tbody>{found.map((delivery) => <Row key={delivery.id} delivery={delivery} webhook={webhook} />)}</tbody>
          </table>
        </TableRoom>
      ) : <p className={css.quiet}>{words.noDeliveries}</p>}
    </Loaded>
  );
}

function Row({ delivery, webhook }: { delivery: DeliveryOf; webhook: number }) {
  const { id, night, event, count, state, attempts, status, error, created_at } = delivery;
  const client = useQueryClient();
  const retry = useMutation({
    mutationFn: () => retryDelivery(id),
    onSuccess: () => {
      notifications.show({ message: words.retried });
      void client.invalidateQueries({ queryKey: ['deliveries', webhook] });
    },
  });
  return (
    <tr>
      <th scope="row" title={asMoment(created_at)}>{asDay(night)}</th>
      <td>{words.count(event, count)}</td>
      <td>
        {words.states[state]}{' '}
        {state === 'dead' && <Button size="compact-sm" variant="default" loading={retry.isPending} onClick={() => retry.mutate()}>{words.retry}</Button>}
      </td>
      <td data-kind="number">{asCount(attempts)}</td>
      <td>{error || status}</td>
    </tr>
  );
}
