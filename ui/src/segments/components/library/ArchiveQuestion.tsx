/** Before a segment goes: what still needs it; afterwards: a way back. */
import { Anchor, Button, Group, List, Loader, Modal, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { Link } from 'wouter';
import { ErrorState } from '../../shared/kit/States';
import { useArchiveSegment, useDependents, useRestoreSegment } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';

export function ArchiveQuestion({ segment, onClose }: { segment: Segment; onClose: () => void }) {
  const dependents = useDependents(segment.id);
  const archive = useArchiveSegment();
  const restore = useRestoreSegment();
  const users = dependents.data?.dependents ?? [];

  const bringBack = (toast: string) => {
    notifications.hide(toast);
    restore.mutate({ id: segment.id, version: segment.version }, {
      onSuccess: () => notifications.show({ message: t.library.restored(segment.name) }),
    });
  };
  const go = () =>
    archive.mutate(segment, {
      onSuccess: () => {
        const toast = `archived-${segment.id}`;
        const undo = <Button variant="light" size="compact-sm" onClick={() => bringBack(toast)}>{t.library.undo}</Button>;
        notifications.show({ id: toast, title: t.library.archived(segment.name), message: undo });
        onClose();
      },
    });

  return (
    <Modal opened onClose={onClose} title={t.library.archiveTitle(segment.name)} centered>
      {archive.isError || dependents.isError ? <ErrorState error={archive.error ?? dependents.error} onRetry={archive.isError ? go : () => void dependents.refetch()} /> : null}
      {dependents.isPending && <Loader size="sm" aria-label={t.state.loading} />}
      {users.length > 0 ? (
        <>
          <Text size="sm">{t.library.inUse(users.length)}</Text>
          <List size="sm" mt="xs">
            {users.map(({ id, name }) => <List.Item key={id}><Anchor component={Link} href={`/${encodeURIComponent(id)}/edit`}>{name}</Anchor></List.Item>)}
          </List>
        </>
      ) : (
        <Text size="sm">{t.library.archiveHelp}</Text>
      )}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose} data-autofocus>{t.library.cancel}</Button>
        <Button color="red.8" onClick={go} loading={archive.isPending} disabled={!dependents.data || users.length > 0}>{t.library.archive}</Button>
      </Group>
    </Modal>
  );
}
