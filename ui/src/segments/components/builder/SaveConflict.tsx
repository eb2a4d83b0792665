/** Somebody else saved the segment meanwhile: what they changed, and whose rule is to stay. */
import { Button, Modal, Stack, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { asMoment } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { ApiError } from '../../shared/services/http';
import { useVersions } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Segment, Version } from '../../shared/types/segment-types';
import { VersionChanges } from '../analytics/VersionChanges';
import css from './builder.module.css';

export const isConflict = (error: unknown) => error instanceof ApiError && error.type === 'changed-meanwhile';

interface SaveConflictProps {
  /** The segment as it was when the edit began. */
  segment: Segment;
  saving: boolean;
  onOver: (version: number) => void;
  onCopy?: (() => void) | undefined;
  onReload?: (() => void) | undefined;
  onClose: () => void;
}

export function SaveConflict({ segment, saving, onOver, onCopy, onReload, onClose }: SaveConflictProps) {
  const client = useQueryClient();
  const versions = useVersions(segment.id);
  const takeTheirs = () => {
    onReload?.();
    onClose();
    void client.invalidateQueries({ queryKey: ['segment', segment.id] });
  };
  return (
    <Modal opened onClose={onClose} title={t.save.conflict} size="md" centered>
      <Stack gap="md">
        <Text size="sm">{t.save.conflictHelp}</Text>
        <Loaded query={versions} height={90}>
          {({ versions: found }) => {
            const theirs = found.at(-1)!;
            return (
              <>
                <Theirs theirs={theirs} before={found.find(({ version }) => version === segment.version)} />
                <Stack gap="xs">
                  <Button variant="default" onClick={onCopy} data-autofocus>{t.save.asCopy}</Button>
                  <Button variant="default" loading={saving} onClick={() => onOver(theirs.version)}>{t.save.overTheirs}</Button>
                  <Button variant="default" onClick={takeTheirs}>{t.save.takeTheirs}</Button>
                </Stack>
              </>
            );
          }}
        </Loaded>
      </Stack>
    </Modal>
  );
}

function Theirs({ theirs, before }: { theirs: Version; before: Version | undefined }) {
  return (
    <section aria-label={t.save.conflict} className={css.changes}>
      <Text fw={600} size="sm">{t.save.theirs(theirs.owner, asMoment(theirs.saved_at))}</Text>
      {before && before.name !== theirs.name && <Text size="sm" dir="auto">{t.analytics.versions.renamed(theirs.name)}</Text>}
      <VersionChanges version={theirs} before={before} />
    </section>
  );
}
