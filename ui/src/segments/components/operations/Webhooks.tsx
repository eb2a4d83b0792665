/** Who is told when customers enter or leave a segment, and what was sent to them. */
import { Button, Checkbox, Group, Select, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { asList } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel } from '../../shared/kit/Panel';
import { Refusal } from '../../shared/kit/Refusal';
import { addWebhook, removeWebhook, testWebhook, webhookList } from '../../shared/services/operationService';
import { useSegments } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { NewWebhook, WebhookOf } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './operations.module.css';
import { DeliveryTable } from './DeliveryTable';
import { Secret } from './Secret';

const words = t.operations.webhooks;

export function Webhooks() {
  const webhooks = useQuery(webhookList);
  return (
    <div className={own.stack}>
      <NewHook />
      <Panel title={words.title} wide>
        <Loaded query={webhooks} height={160}>
          {({ webhooks: found }) => found.length
            ? <ul className={own.runs}>{found.map((webhook) => <Hook key={webhook.id} webhook={webhook} />)}</ul>
            : <p className={css.quiet}>{words.none}</p>}
        </Loaded>
      </Panel>
    </div>
  );
}

function NewHook() {
  const client = useQueryClient();
  const library = useSegments();
  const [draft, setDraft] = useState<NewWebhook>({ segment: '', on: ['entered'], url: '' });
  const add = useMutation({
    mutationFn: () => addWebhook(draft),
    onSuccess: () => {
      setDraft({ ...draft, url: '' });
      void client.invalidateQueries({ queryKey: ['webhooks'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Panel title={words.add} help={words.help} wide>
      <form onSubmit={submit} className={css.form}>
        <Select label={words.segment} searchable required value={draft.segment || null} onChange={(segment) => setDraft({ ...draft, segment: segment ?? '' })}
          data={library.data?.segments.map(({ id, name }) => ({ value: id, label: name })) ?? []} />
        <Checkbox.Group label={words.on} value={draft.on} onChange={(on) => setDraft({ ...draft, on: on as NewWebhook['on'] })}>
          <Group h={36}>{Object.entries(words.events).map(([value, label]) => <Checkbox key={value} value={value} label={label} />)}</Group>
        </Checkbox.Group>
        <TextInput className={own.wide} type="url" label={words.url} placeholder="https://" required value={draft.url} onChange={({ currentTarget }) => setDraft({ ...draft, url: currentTarget.value })} />
        <Button type="submit" loading={add.isPending} disabled={!draft.segment || !draft.on.length || !draft.url}>{words.add}</Button>
      </form>
      {add.isError && <Refusal error={add.error} />}
      {add.data?.secret && <Secret title={words.secretTitle} help={words.secret} secret={add.data.secret} />}
    </Panel>
  );
}

function Hook({ webhook: { id, segment, on, url } }: { webhook: WebhookOf }) {
  const client = useQueryClient();
  const library = useSegments();
  const [open, setOpen] = useState(false);
  const test = useMutation({
    mutationFn: () => testWebhook(id),
    onSuccess: () => {
      setOpen(true);
      notifications.show({ message: words.tested });
      void client.invalidateQueries({ queryKey: ['deliveries', id] });
    },
  });
  const remove = useMutation({
    mutationFn: () => removeWebhook(id),
    onSuccess: () => {
      notifications.show({ message: words.removed });
      void client.invalidateQueries({ queryKey: ['webhooks'] });
    },
  });
  return (
    <li className={own.run}>
      <div className={own.runHead}>
        <code className={own.address}>{url}</code>
        <span className={own.when}>{library.data?.segments.find((one) => one.id === segment)?.name ?? segment}, {asList(on.map((event) => words.events[event] ?? event))}</span>
        <Button size="compact-sm" variant="default" aria-label={words.testLabel(url)} loading={test.isPending} onClick={() => test.mutate()}>{words.test}</Button>
        <Button size="compact-sm" variant="default" aria-expanded={open} aria-label={words.deliveriesOf(url)} onClick={() => setOpen(!open)}>{words.deliveries}</Button>
        <Button size="compact-sm" variant="default" aria-label={words.removeLabel(url)} loading={remove.isPending} onClick={() => remove.mutate()}>{words.remove}</Button>
      </div>
      {test.isError && <Refusal error={test.error} />}
      {remove.isError && <Refusal error={remove.error} />}
      {open && <DeliveryTable webhook={id} url={url} />}
    </li>
  );
}
