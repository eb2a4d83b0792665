/** When nights are run by themselves; administrators change it. */
import { Button, NativeSelect, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel } from '../../shared/kit/Panel';
import { Refusal } from '../../shared/kit/Refusal';
import { useWho } from '../../shared/kit/session';
import { changeSchedule, schedule } from '../../shared/services/operationService';
import { t } from '../../shared/strings';
import type { Timetable } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import { dailyAt, timeOf } from './cron';

const words = t.operations.schedule;
const CHOICES = Object.entries(words.choices).map(([value, label]) => ({ value, label }));
const USUAL = '05:00';
type Choice = keyof typeof words.choices;

export function Schedule() {
  const { time_zone } = useWho();
  const timetable = useQuery(schedule);
  return (
    <Panel title={words.title} help={words.help(time_zone)} wide>
      <Loaded query={timetable} height={90}>{(found) => <Form key={JSON.stringify(found)} timetable={found} />}</Loaded>
    </Panel>
  );
}

const choiceOf = (cron: string | null): Choice => (cron === null ? 'never' : timeOf(cron) === null ? 'cron' : 'daily');

function Form({ timetable }: { timetable: Timetable }) {
  const { role } = useWho();
  const client = useQueryClient();
  const [choice, setChoice] = useState(() => choiceOf(timetable.cron));
  const [time, setTime] = useState(() => timeOf(timetable.cron ?? '') ?? USUAL);
  const [cron, setCron] = useState(timetable.cron ?? '');
  const [mapping, setMapping] = useState(timetable.mapping ?? '');
  const lines = { never: null, daily: dailyAt(time), cron };
  const save = useMutation({
    mutationFn: () => changeSchedule({ cron: lines[choice], mapping: mapping.trim() || null }),
    onSuccess: () => {
      notifications.show({ message: words.saved });
      void client.invalidateQueries({ queryKey: ['schedule'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const fixed = role !== 'admin';
  return (
    <form onSubmit={submit}>
      <div className={css.form}>
        <NativeSelect label={words.when} data={CHOICES} value={choice} disabled={fixed} onChange={({ currentTarget }) => setChoice(currentTarget.value as Choice)} />
        {choice === 'daily' && <TextInput type="time" label={words.time} value={time} required disabled={fixed} onChange={({ currentTarget }) => setTime(currentTarget.value)} />}
        {choice === 'cron' && <TextInput label={words.cron} description={words.cronHelp} value={cron} required disabled={fixed} onChange={({ currentTarget }) => setCron(currentTarget.value)} />}
        {choice !== 'never' && <TextInput label={words.mapping} description={words.mappingHelp} value={mapping} disabled={fixed} onChange={({ currentTarget }) => setMapping(currentTarget.value)} />}
        {!fixed && <Button type="submit" loading={save.isPending}>{words.save}</Button>}
      </div>
      {fixed && <Text size="sm" c="var(--quiet)" mt="sm">{words.onlyAdmin}</Text>}
      {save.isError && <Refusal error={save.error} />}
    </form>
  );
}
