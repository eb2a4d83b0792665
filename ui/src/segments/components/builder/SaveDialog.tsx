/** Naming and saving a segment, with who would enter and leave before anything is saved over. */
import { Button, Group as Row, Modal, Skeleton, Stack, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { Refusal } from '../../shared/kit/Refusal';
import { wordsFor } from '../../shared/kit/States';
import { useLibraryChange, useSegments } from '../../shared/services/queries';
import { useService } from '../../shared/services/segmentationService';
import { t } from '../../shared/strings';
import type { Difference, Group, Reason, Segment } from '../../shared/types/segment-types';
import { isConflict, SaveConflict } from './SaveConflict';
import { idOf, isId } from './segmentId';
import css from './builder.module.css';

interface SaveDialogProps {
  /** The segment to save over; absent where a new one is made. */
  segment?: Segment | undefined;
  /** What a new one is called at first. */
  name: string;
  rule: Group;
  onClose: () => void;
  /** Save as a copy instead, where somebody else has saved the segment meanwhile. */
  onCopy?: () => void;
  /** The edit is given up for what somebody else has saved. */
  onReload?: () => void;
  onSaved: (segment: Segment) => void;
}

export function SaveDialog({ segment, name: firstName, rule, onClose, onCopy, onReload, onSaved }: SaveDialogProps) {
  const [name, setName] = useState(segment?.name ?? firstName);
  const [ownId, setOwnId] = useState<string | null>(null);
  const [description, setDescription] = useState(segment?.description ?? '');
  const [tags, setTags] = useState(segment?.tags ?? []);
  const { createSegment, updateSegment } = useService();
  const library = useSegments();
  const knownTags = [...new Set(library.data?.segments.flatMap((one) => one.tags))];
  const id = ownId ?? idOf(name);

  const save = useLibraryChange((version: number | undefined) =>
    segment && version !== undefined
      ? updateSegment(segment.id, { name, description, tags, rule, version })
      : createSegment({ id, name, description, tags, rule }));
  const ready = name.trim() !== '' && (segment !== undefined || isId(id));
  const saveOver = (version: number | undefined) => save.mutate(version, { onSuccess: onSaved });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) saveOver(segment?.version);
  };
  if (segment && isConflict(save.error)) {
    return <SaveConflict segment={segment} saving={save.isPending} onOver={saveOver} onCopy={onCopy} onReload={onReload} onClose={onClose} />;
  }

  return (
    <Modal opened onClose={onClose} title={segment ? t.save.title : t.save.copyTitle} size="md" centered>
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput label={t.save.name} placeholder={t.save.namePlaceholder} value={name} maxLength={200} required data-autofocus
            onChange={({ currentTarget }) => setName(currentTarget.value)} />
          {!segment && (
            <TextInput label={t.save.id} description={t.save.idHelp} value={id} required error={id && !isId(id) ? t.save.badId : undefined}
              onChange={({ currentTarget }) => setOwnId(currentTarget.value)} />
          )}
          <Textarea label={t.save.description} description={t.save.descriptionHelp} autosize minRows={2} maxLength={2000} value={description}
            onChange={({ currentTarget }) => setDescription(currentTarget.value)} />
          <TagsInput label={t.save.tags} description={t.save.tagsHelp} data={knownTags} value={tags} onChange={setTags} acceptValueOnBlur />
          {segment && <Changes id={segment.id} rule={rule} />}
          {save.isError && <Refusal error={save.error} />}
          <Row justify="flex-end">
            <Button variant="default" onClick={onClose}>{t.library.cancel}</Button>
            <Button type="submit" loading={save.isPending} disabled={!ready}>{t.builder.save}</Button>
          </Row>
        </Stack>
      </form>
    </Modal>
  );
}

/** Who would enter and leave, and because of what, if the rule were saved now. */
function Changes({ id, rule }: { id: string; rule: Group }) {
  const { getDifference } = useService();
  const query = useQuery({
    queryKey: ['diff', id, JSON.stringify(rule)],
    queryFn: ({ signal }) => getDifference(id, rule, { signal }),
  });
  return (
    <section aria-label={t.save.diffTitle} className={css.changes}>
      <Text fw={600} size="sm">{t.save.diffTitle}</Text>
      {query.isPending && <Skeleton height={40} mt={6} />}
      {query.isError && <Text size="sm" c="var(--bad)">{wordsFor(query.error).text}</Text>}
      {query.data && <Counted difference={query.data} />}
    </section>
  );
}

function Counted({ difference: { entered, left, why_entered, why_left } }: { difference: Difference }) {
  if (!entered && !left) return <Text size="sm">{t.save.same}</Text>;
  const reasons: [string, Reason][] = [
    ...why_entered.map((reason): [string, Reason] => ['+', reason]),
    ...why_left.map((reason): [string, Reason] => ['−', reason]),
  ];
  return (
    <>
      <Text size="sm" data-testid="difference">{t.save.diff(entered, left)}</Text>
      <ul className={css.why}>
        {reasons.map(([sign, { words, customers }]) => <li key={sign + words}>{sign} {t.save.why(customers, words)}</li>)}
      </ul>
    </>
  );
}
