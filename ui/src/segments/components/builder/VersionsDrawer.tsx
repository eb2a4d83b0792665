/** What a segment was before: every version, and a way back to it. */
import { Badge, Button, Drawer, Skeleton, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { asMoment } from '../../shared/format';
import { ErrorState } from '../../shared/kit/States';
import { useRestoreSegment, useVersions } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import css from './builder.module.css';

interface VersionsDrawerProps {
  segment: Segment;
  mayRestore: boolean;
  onClose: () => void;
  onRestored: (segment: Segment) => void;
}

export function VersionsDrawer({ segment, mayRestore, onClose, onRestored }: VersionsDrawerProps) {
  const versions = useVersions(segment.id);
  const restore = useRestoreSegment();
  const bringBack = (version: number) =>
    restore.mutate({ id: segment.id, version }, {
      onSuccess: (restored) => {
        notifications.show({ message: t.versions.restored(version) });
        onRestored(restored);
      },
    });
  return (
    <Drawer opened onClose={onClose} position="right" title={t.versions.title}>
      {versions.isPending && <Skeleton height={160} />}
      {(versions.isError || restore.isError) && <ErrorState error={versions.error ?? restore.error} onRetry={() => void versions.refetch()} />}
      <Stack component="ol" gap="xs" className={css.versions}>
        {versions.data?.versions.toReversed().map(({ version, name, owner, saved_at }) => (
          <li key={version} className={css.version}>
            <div>
              <Text fw={600} size="sm">{t.versions.version(version)} {version === segment.version && <Badge size="sm" variant="light">{t.versions.now}</Badge>}</Text>
              <Text size="sm" dir="auto">{name}</Text>
              <Text size="xs" c="var(--quiet)">{t.versions.by(owner, asMoment(saved_at))}</Text>
            </div>
            {mayRestore && version !== segment.version && (
              <Button size="compact-sm" variant="default" loading={restore.isPending} onClick={() => bringBack(version)}>{t.versions.restore}</Button>
            )}
          </li>
        ))}
      </Stack>
    </Drawer>
  );
}
