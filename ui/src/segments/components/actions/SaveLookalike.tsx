/** A name for a list of lookalikes, which every night then finds anew. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import { Refusal } from '../../shared/kit/Refusal';
import { saveLookalike } from '../../shared/services/actionService';
import { useLibraryChange } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import { idOf, isId } from '../builder/segmentId';

const words = t.actions.lookalike;

interface SaveLookalikeProps {
  segment: Segment;
  size: number;
  onClose: () => void;
}

export function SaveLookalike({ segment, size, onClose }: SaveLookalikeProps) {
  const [name, setName] = useState(words.name(segment.name, size));
  const [ownId, setOwnId] = useState<string | null>(null);
  const [, goTo] = useLocation();
  const id = ownId ?? idOf(name);
  const save = useLibraryChange(() => saveLookalike({ segment: segment.id, size, id, name, description: '' }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, {
      onSuccess: (made) => {
        notifications.show({ message: words.saved(made.name, made.count ?? 0) });
        goTo(`/${encodeURIComponent(made.id)}/insights`);
      },
    });
  };
  return (
    <Modal opened onClose={onClose} title={words.save} centered>
      <form onSubmit={submit}>
        <Stack gap="md">
          <Text size="sm" c="var(--quiet)">{words.saveHelp}</Text>
          <TextInput label={t.save.name} value={name} maxLength={200} required data-autofocus onChange={({ currentTarget }) => setName(currentTarget.value)} />
          <TextInput label={t.save.id} description={t.save.idHelp} value={id} required error={id && !isId(id) ? t.save.badId : undefined}
            onChange={({ currentTarget }) => setOwnId(currentTarget.value)} />
          {save.isError && <Refusal error={save.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>{t.library.cancel}</Button>
            <Button type="submit" loading={save.isPending} disabled={!name.trim() || !isId(id)}>{t.builder.save}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
