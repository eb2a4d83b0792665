/** One segment: what it is worth, how it moves, who is in it, what it was. Day and section are in the address. */
import { Button } from '@mantine/core';
import { IconDownload, IconPencil, IconSend, IconUsersPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'wouter';
import { DayChoice } from '../../shared/kit/DayChoice';
import { Loaded } from '../../shared/kit/Loaded';
import { Page, Sections } from '../../shared/kit/Page';
import { mayEdit, useWho } from '../../shared/kit/session';
import { EmptyState } from '../../shared/kit/States';
import { segmentOn } from '../../shared/services/analyticsService';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import own from './analytics.module.css';
import { MembersTable } from './MembersTable';
import { Movement } from './Movement';
import { Overview } from './Overview';
import { VersionHistory } from './VersionHistory';

type Section = keyof typeof t.analytics.segment.section;

export function SegmentPerformance({ id }: { id: string }) {
  const [search] = useSearchParams();
  const as_of = search.get('as_of') ?? undefined;
  const section = (search.get('section') ?? 'overview') as Section;
  const segment = useQuery(segmentOn(id, as_of));
  return <Loaded query={segment} height={420}>{(found) => <Whole key={id} segment={found} section={section} as_of={as_of} />}</Loaded>;
}

function Whole({ segment, section, as_of }: { segment: Segment; section: Section; as_of: string | undefined }) {
  const here = `/${encodeURIComponent(segment.id)}/insights`;
  const address = (name: string) => `${here}?${new URLSearchParams({ ...(name !== 'overview' && { section: name }), ...(as_of && { as_of }) })}`.replace(/\?$/, '');
  const sections = Object.entries(t.analytics.segment.section).map(([name, label]) => ({ href: address(name), label }));
  return (
    <Page title={segment.name} lead={segment.description || segment.sentence} actions={<Actions segment={segment} />}>
      <Sections label={t.analytics.segment.sections} sections={sections} here={address(section)} />
      {section === 'overview' && <OnDay as_of={as_of} segment={segment}><Overview segment={segment} as_of={as_of} /></OnDay>}
      {section === 'members' && <OnDay as_of={as_of} segment={segment}><MembersTable segment={segment} as_of={as_of} /></OnDay>}
      {section === 'movement' && <Movement segment={segment} />}
      {section === 'versions' && <VersionHistory segment={segment} />}
    </Page>
  );
}

function Actions({ segment: { id, editable } }: { segment: Segment }) {
  const who = useWho();
  const to = (what: string) => `/${encodeURIComponent(id)}/${what}`;
  const { segment: words } = t.analytics;
  return (
    <>
      <Button component={Link} href={to('edit')} variant="default" size="xs" leftSection={<IconPencil size={15} />}>
        {editable && mayEdit(who) ? words.edit : words.open}
      </Button>
      <Button component={Link} href={to('lookalike')} variant="default" size="xs" leftSection={<IconUsersPlus size={15} />}>{words.lookalike}</Button>
      {mayEdit(who) && (
        <>
          <Button component={Link} href={to('export')} variant="default" size="xs" leftSection={<IconDownload size={15} />}>{words.export}</Button>
          <Button component={Link} href={to('campaign')} size="xs" leftSection={<IconSend size={15} />}>{words.campaign}</Button>
        </>
      )}
    </>
  );
}

/** What can be seen of any day, below a choice of the day. */
function OnDay({ as_of, segment, children }: { as_of: string | undefined; segment: Segment; children: ReactNode }) {
  return (
    <>
      <div className={own.day}><DayChoice as_of={as_of} /></div>
      {segment.count === null && segment.unavailable
        ? <EmptyState title={t.analytics.segment.notCounted}>{segment.unavailable}</EmptyState>
        : children}
    </>
  );
}
