/** One segment at a glance: who, how many, which way it goes. */
import { ActionIcon, Badge, Menu, Text, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconArchive, IconCopy, IconDots, IconPencil } from '@tabler/icons-react';
import { Link, useLocation } from 'wouter';
import { asChange, asCount } from '../../shared/format';
import { mayEdit, useWho } from '../../shared/kit/session';
import { Spark } from '../../shared/kit/Spark';
import { wordsFor } from '../../shared/kit/States';
import { useDuplicateSegment } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import css from './library.module.css';

interface SegmentCardProps {
  segment: Segment;
  /** Absent where the segment cannot be archived. */
  onArchive?: (segment: Segment) => void;
}

export function SegmentCard({ segment, onArchive }: SegmentCardProps) {
  const { id, name, kind, tags, description, sentence } = segment;
  return (
    <article className={css.card} aria-labelledby={`name-${id}`} data-segment={id}>
      <div className={css.top}>
        <h3 id={`name-${id}`} className={css.name}>
          <Link href={`/${encodeURIComponent(id)}/edit`} className={css.cover} dir="auto">{name}</Link>
        </h3>
        <CardMenu segment={segment} onArchive={onArchive} />
      </div>
      <Text size="sm" c="var(--quiet)" lineClamp={2} dir="auto" title={sentence}>{description || sentence}</Text>
      {(kind || tags.length > 0) && (
        <div className={css.tags}>
          {kind && <Badge variant="light" color="gray" tt="none" fw={520} className={css.kind}>{t.library.kinds[kind]}</Badge>}
          {tags.map((tag) => <Badge key={tag} variant="default" tt="none" fw={450} dir="auto">{tag}</Badge>)}
        </div>
      )}
      <Size segment={segment} />
    </article>
  );
}

function Size({ segment }: { segment: Segment }) {
  const { count, share, entered, left, trend, unavailable } = segment;
  if (count === null) {
    return (
      <Tooltip label={unavailable} disabled={!unavailable} multiline maw={320}>
        <Text className={css.size} c="var(--quiet)" size="sm">{unavailable || t.library.notCounted}</Text>
      </Tooltip>
    );
  }
  const [first, last] = [trend[0], trend.at(-1)];
  return (
    <div className={css.size}>
      <div>
        <div className={css.count} data-testid="count">{asCount(count)}</div>
        {share !== null && <Text size="xs" c="var(--quiet)">{t.library.share(share)}</Text>}
      </div>
      <div className={css.trend}>
        {trend.length > 1 && first && last && (
          <Spark values={trend.map((night) => night.count)} label={t.library.trend(first.count, last.count, trend.length)} />
        )}
        {entered !== null && left !== null && (
          <Text size="xs" c="var(--quiet)" className="tabular" aria-label={t.library.moves(entered, left)} role="img">
            {asChange(entered)} <span aria-hidden="true">/</span> {asChange(-left)}
          </Text>
        )}
      </div>
    </div>
  );
}

function CardMenu({ segment, onArchive }: SegmentCardProps) {
  const who = useWho();
  const [, goTo] = useLocation();
  const duplicate = useDuplicateSegment();
  const edit = `/${encodeURIComponent(segment.id)}/edit`;
  const copy = () =>
    duplicate.mutate({ id: segment.id, name: t.library.copyName(segment.name) }, {
      onSuccess: (made) => {
        notifications.show({ message: t.library.duplicated(made.name) });
        goTo(`/${encodeURIComponent(made.id)}/edit`);
      },
      onError: (error) => notifications.show({ color: 'red', ...messageOf(error) }),
    });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" className={css.more} aria-label={t.library.more(segment.name)}>
          <IconDots size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} href={edit} leftSection={<IconPencil size={15} />}>
          {segment.editable && mayEdit(who) ? t.library.edit : t.library.open}
        </Menu.Item>
        {mayEdit(who) && <Menu.Item leftSection={<IconCopy size={15} />} onClick={copy}>{t.library.duplicate}</Menu.Item>}
        {mayEdit(who) && onArchive && (
          <Menu.Item color="red.8" leftSection={<IconArchive size={15} />} onClick={() => onArchive(segment)}>{t.library.archive}</Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

const messageOf = (error: unknown) => {
  const { title, text } = wordsFor(error);
  return { title, message: text };
};
