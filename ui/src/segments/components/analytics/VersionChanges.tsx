/** The conditions that came and went with a version; of the first, its sentence. */
import { Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { previewOf } from '../../shared/services/analyticsService';
import { t } from '../../shared/strings';
import type { Version } from '../../shared/types/segment-types';
import own from './analytics.module.css';
import { changed } from './changes';

const words = t.analytics.versions;

interface VersionChangesProps {
  version: Version;
  before: Version | undefined;
}

export function VersionChanges({ version, before }: VersionChangesProps) {
  const after = useQuery(previewOf(version.rule));
  const earlier = useQuery({ ...previewOf((before ?? version).rule), enabled: before !== undefined });
  if (after.isPending || (before && earlier.isPending)) return <Skeleton height={20} mt={6} />;
  if (!after.data) return null;
  const difference = before && earlier.data && changed(earlier.data, after.data);
  if (!difference) return <Text size="sm" mt={4}>{after.data.sentence}</Text>;
  if (!difference.length) return <Text size="sm" c="var(--quiet)" mt={4}>{words.same}</Text>;
  return (
    <ul className={own.changes}>
      {difference.map(({ added, words: condition }) => (
        <li key={`${added} ${condition}`} data-added={added || undefined}>
          <span aria-label={added ? words.added : words.removed} role="img">{added ? '+' : '−'}</span>
          <span>{condition}</span>
        </li>
      ))}
    </ul>
  );
}
