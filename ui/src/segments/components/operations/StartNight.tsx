/** Run the night of today by hand; once it is done, everything that counts is asked again. */
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { Refusal } from '../../shared/kit/Refusal';
import { mayEdit, useWho } from '../../shared/kit/session';
import { runList, startNight } from '../../shared/services/operationService';
import { t } from '../../shared/strings';

const words = t.operations.runs;

export function StartNight() {
  const who = useWho();
  const client = useQueryClient();
  const runs = useQuery(runList);
  const running = runs.data?.runs.some(({ state }) => state === 'running') ?? false;
  const before = useRef(running);
  useEffect(() => {
    if (before.current && !running) void client.invalidateQueries();
    before.current = running;
  }, [client, running]);
  const start = useMutation({
    mutationFn: startNight,
    onSuccess: ({ as_of }) => {
      notifications.show({ message: words.started(as_of) });
      void client.invalidateQueries({ queryKey: runList.queryKey });
    },
  });
  if (!mayEdit(who)) return null;
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconPlayerPlay size={15} />} loading={start.isPending || running} onClick={() => start.mutate()}>{words.start}</Button>
      {start.isError && <Refusal error={start.error} />}
    </>
  );
}
