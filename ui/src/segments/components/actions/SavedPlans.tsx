/** The plans that were saved, of one segment or of all, and their recipients as files. */
import { Anchor, Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { asCount, asDay, asMoment } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { TableRoom } from '../../shared/kit/Panel';
import { Refusal } from '../../shared/kit/Refusal';
import { mayEdit, useWho } from '../../shared/kit/session';
import { planList, recipientsOf } from '../../shared/services/actionService';
import { t } from '../../shared/strings';
import type { SavedPlan } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './actions.module.css';

const words = t.actions.campaign;

export function SavedPlans({ segment }: { segment?: string }) {
  const plans = useQuery(planList);
  return (
    <Loaded query={plans} height={120}>
      {({ plans: all }) => {
        const shown = segment === undefined ? all : all.filter((plan) => plan.segment === segment);
        return shown.length ? <Table plans={shown} withSegment={segment === undefined} /> : <p className={css.quiet}>{words.none}</p>;
      }}
    </Loaded>
  );
}

function Table({ plans, withSegment }: { plans: SavedPlan[]; withSegment: boolean }) {
  return (
    <TableRoom label={words.plans}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{words.plan}</th>
            {withSegment && <th scope="col">{t.actions.segment}</th>}
            <th scope="col">{words.channel}</th>
            <th scope="col" data-kind="number">{words.heldOut}</th>
            <th scope="col" data-kind="number">{words.recipients}</th>
            <th scope="col">{words.by}</th>
            <th scope="col"><span className={own.hidden}>{words.file}</span></th>
          </tr>
        </thead>
        <tbody>
          {plans.map(({ id, at, who, plan, segment }) => (
            <tr key={id}>
              <th scope="row" dir="auto">{asDay(plan.as_of)} <span className={css.small}>{plan.campaign}</span></th>
              {withSegment && <td>{segment && <Link href={`/${encodeURIComponent(segment)}/campaign`} className={css.link}>{segment}</Link>}</td>}
              <td>{words.channels[plan.channel]}</td>
              <td data-kind="number">{asCount(plan.holdout)}</td>
              <td data-kind="number">{asCount(plan.recipients)}</td>
              <td>{t.versions.by(who, asMoment(at))}</td>
              <td><Recipients plan={id} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableRoom>
  );
}

function Recipients({ plan }: { plan: number }) {
  const who = useWho();
  const client = useQueryClient();
  const prepare = useMutation({
    mutationFn: () => recipientsOf(plan),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['exports'] }),
  });
  if (!mayEdit(who)) return null;
  if (prepare.isError) return <Refusal error={prepare.error} />;
  if (prepare.data) {
    return prepare.data.map(({ name, rows, url }) => url && <Anchor key={name} href={url} download={name} display="block" size="sm">{words.files(name, rows)}</Anchor>);
  }
  return <Button size="compact-sm" variant="default" loading={prepare.isPending} onClick={() => prepare.mutate()}>{words.file}</Button>;
}
