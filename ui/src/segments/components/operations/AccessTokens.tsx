/** Who may come in, and as what. */
import { Button, NativeSelect, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { asMoment } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { Refusal } from '../../shared/kit/Refusal';
import { createToken, revokeToken, tokenList } from '../../shared/services/operationService';
import { t } from '../../shared/strings';
import type { TokenOf } from '../../shared/services/api.gen';
import type { Role } from '../../shared/types/segment-types';
import css from '../../shared/kit/kit.module.css';
import own from './operations.module.css';
import { Secret } from './Secret';

const words = t.operations.tokens;
const ROLES = Object.entries(words.roles).map(([value, label]) => ({ value, label }));

export function AccessTokens() {
  const tokens = useQuery(tokenList);
  return (
    <Panel title={words.title} help={words.help} wide>
      <NewToken />
      <Loaded query={tokens} height={160}>{({ tokens: found }) => <Table tokens={found} />}</Loaded>
    </Panel>
  );
}

/** Return how to ask anew for what a change of tokens is seen in. */
function useChanged(): () => void {
  const client = useQueryClient();
  return () => {
    for (const key of ['tokens', 'audit']) void client.invalidateQueries({ queryKey: [key] });
  };
}

function NewToken() {
  const changed = useChanged();
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [until, setUntil] = useState('');
  const create = useMutation({
    mutationFn: () => createToken({ name, role, expires_at: until ? `${until}T00:00:00Z` : null }),
    onSuccess: () => {
      setName('');
      changed();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <>
      <form onSubmit={submit} className={css.form}>
        <TextInput label={words.name} required maxLength={200} value={name} onChange={({ currentTarget }) => setName(currentTarget.value)} />
        <NativeSelect label={words.role} data={ROLES} value={role} onChange={({ currentTarget }) => setRole(currentTarget.value as Role)} />
        <TextInput type="date" label={words.optional} value={until} onChange={({ currentTarget }) => setUntil(currentTarget.value)} />
        <Button type="submit" loading={create.isPending} disabled={!name.trim()}>{words.add}</Button>
      </form>
      {create.isError && <Refusal error={create.error} />}
      {create.data && <Secret title={words.secretTitle} help={words.secret} secret={create.data.token} />}
    </>
  );
}

function Table({ tokens }: { tokens: TokenOf[] }) {
  return (
    <TableRoom label={words.title}>
      <table className={`${css.table} ${own.spaced}`}>
        <thead>
          <tr>
            {[words.name, words.role, words.created, words.expires].map((label) => <th key={label} scope="col">{label}</th>)}
            <th scope="col"><span className={own.hidden}>{words.revoke}</span></th>
          </tr>
        </thead>
        <tbody>{tokens.toReversed().map((token) => <Row key={token.id} token={token} />)}</tbody>
      </table>
    </TableRoom>
  );
}

function Row({ token: { id, name, role, created_at, expires_at, holds } }: { token: TokenOf }) {
  const changed = useChanged();
  const revoke = useMutation({
    mutationFn: () => revokeToken(id),
    onSuccess: () => {
      notifications.show({ message: words.revoked });
      changed();
    },
  });
  return (
    <tr className={holds ? undefined : css.quiet}>
      <th scope="row" dir="auto">{name} <span className={css.small}>{id}</span></th>
      <td>{words.roles[role as Role] ?? role}</td>
      <td>{asMoment(created_at)}</td>
      <td>{!holds ? words.ended : expires_at ? asMoment(expires_at) : words.never}</td>
      <td data-kind="number">
        {holds && <Button size="compact-sm" variant="default" aria-label={words.revokeLabel(name)} loading={revoke.isPending} onClick={() => revoke.mutate()}>{words.revoke}</Button>}
        {revoke.isError && <Refusal error={revoke.error} />}
      </td>
    </tr>
  );
}
