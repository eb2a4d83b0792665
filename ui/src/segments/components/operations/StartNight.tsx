/** Run the night of today by hand; once it is done, everything that counts is asked again. */
import { Button } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Refusal } from '../../shared/kit/Refusal';
import { mayEdit, useWho } from '../../shared/kit/session';
import { runList, startNight, WATCHED } from '../../shared/services/operationService';
import { t } from '../../shared/strings';

const words = t.operations.runs;

export function StartNight() {
  const who = useWho();
  const client = useQueryClient();
  // A night that was started here is awaited: its record comes only once its process runs.
  const [awaited, setAwaited] = useState(false);
  const runs = useQuery({ ...runList, ...(awaited && { refetchInterval: WATCHED }) });
  const running = runs.data?.runs.some(({ state }) => state === 'running') ?? false;
  const ended = runs.data && (runs.data.runs.find(({ state }) => state !== 'running')?.id ?? 0);
  const before = useRef(ended);
  useEffect(() => {
    if (before.current !== undefined && before.current !== ended) {
      setAwaited(false);
      void client.invalidateQueries();
    }
    before.current = ended;
  }, [client, ended]);
  const start = useMutation({
    mutationFn: startNight,
    onSuccess: ({ as_of }) => {
      notifications.show({ message: words.started(as_of) });
      setAwaited(true);
    },
  });
  if (!mayEdit(who)) return null;
  return (
    <>
      <Button variant="default" size="xs" leftSection={<IconPlayerPlay size={15} />} loading={start.isPending || awaited || running} onClick={() => start.mutate()}>{words.start}</Button>
      {start.isError && <Refusal error={start.error} />}
    </>
  );
}
