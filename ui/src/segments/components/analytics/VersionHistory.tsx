/** What a segment was: each version with what it changed, and what bringing it back would do today. */
import { Badge, Button, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { asMoment } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { mayEdit, useWho } from '../../shared/kit/session';
import { wordsFor } from '../../shared/kit/States';
import { differenceOf } from '../../shared/services/analyticsService';
import { useRestoreSegment, useVersions } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Segment, Version } from '../../shared/types/segment-types';
import own from './analytics.module.css';
import { VersionChanges } from './VersionChanges';

const words = t.analytics.versions;

export function VersionHistory({ segment }: { segment: Segment }) {
  const versions = useVersions(segment.id);
  return (
    <Loaded query={versions} height={320}>
      {({ versions: found }) => (
        <ol className={own.versions}>
          {found.map((version, at) => <Entry key={version.version} segment={segment} version={version} before={found[at - 1]} />).toReversed()}
        </ol>
      )}
    </Loaded>
  );
}

function Entry({ segment, version, before }: { segment: Segment; version: Version; before: Version | undefined }) {
  const now = version.version === segment.version;
  return (
    <li className={own.version}>
      <div className={own.versionHead}>
        <Text fw={600}>{t.versions.version(version.version)} {now && <Badge size="sm" variant="light" tt="none">{t.versions.now}</Badge>}</Text>
        <Text size="sm" c="var(--quiet)">{version.saved_at ? t.versions.by(version.owner, asMoment(version.saved_at)) : words.shipped}</Text>
      </div>
      {before && before.name !== version.name && <Text size="sm" dir="auto">{words.renamed(version.name)}</Text>}
      <VersionChanges version={version} before={before} />
      {!now && <Return segment={segment} version={version} />}
    </li>
  );
}

function Return({ segment, version }: { segment: Segment; version: Version }) {
  const who = useWho();
  const difference = useQuery(differenceOf(segment.id, version.rule));
  const restore = useRestoreSegment();
  const bringBack = () =>
    restore.mutate({ id: segment.id, version: version.version }, {
      onSuccess: () => notifications.show({ message: t.versions.restored(version.version) }),
      onError: (error) => notifications.show({ color: 'red', title: wordsFor(error).title, message: wordsFor(error).text }),
    });
  return (
    <div className={own.versionFoot}>
      {difference.data && <Text size="sm" c="var(--quiet)">{words.back(difference.data.entered, difference.data.left)}</Text>}
      {mayEdit(who) && segment.editable && (
        <Button size="compact-sm" variant="default" loading={restore.isPending} onClick={bringBack}>{t.versions.restore}</Button>
      )}
    </div>
  );
}
