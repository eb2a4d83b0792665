/** The library: every segment there is, found by name, kind and tag. The search is in the address. */
import { NativeSelect, Skeleton, Text, TextInput, Title, VisuallyHidden } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useMemo } from 'react';
import { useSearchParams } from 'wouter';
import { FirstSteps } from '../components/library/FirstSteps';
import { SegmentList } from '../components/library/SegmentList';
import { KINDS, SORTS, tagsOf, type Kind, type Sort } from '../components/library/selection';
import { ErrorState } from '../shared/kit/States';
import { DayChoice } from '../shared/kit/DayChoice';
import { Headed } from '../shared/kit/headed';
import { useWho } from '../shared/kit/session';
import { useSegments } from '../shared/services/queries';
import { t } from '../shared/strings';
import css from './SegmentsPage.module.css';

export function SegmentsPage() {
  const [search, setSearch] = useSearchParams();
  const as_of = search.get('as_of') ?? undefined;
  const segments = useSegments(as_of);
  // A night without facts counts nobody: the first steps are still to be done.
  const empty = useWho().as_of === null || (as_of === undefined && segments.data?.universe === 0);
  const tags = useMemo(() => tagsOf(segments.data?.segments ?? []), [segments.data]);
  const wanted = {
    text: search.get('q') ?? '',
    kind: (search.get('kind') ?? 'all') as Kind,
    tag: search.get('tag') ?? '',
    sort: (search.get('sort') ?? 'name') as Sort,
  };
  useEffect(() => {
    document.title = t.title;
  }, []);

  const set = (name: string, value: string) =>
    setSearch((before) => {
      const after = new URLSearchParams(before);
      if (value) after.set(name, value);
      else after.delete(name);
      return after;
    }, { replace: true });

  return (
    <Headed value>
      <div className={css.page}>
        <Title order={1}>{t.library.heading}</Title>
        <Text c="var(--quiet)" mt={4} mih={24}>
          {segments.data?.as_of && t.library.lead(segments.data.universe ?? 0, segments.data.as_of)}
        </Text>
        {empty && <FirstSteps />}
        <div role="search" className={css.tools}>
          <TextInput
            className={css.search}
            aria-label={t.library.search}
            placeholder={t.library.search}
            leftSection={<IconSearch size={16} />}
            type="search"
            value={wanted.text}
            onChange={(event) => set('q', event.currentTarget.value)}
          />
          <NativeSelect aria-label={t.library.kind} value={wanted.kind} onChange={(event) => set('kind', event.currentTarget.value)}
            data={KINDS.map((value) => ({ value, label: t.library.kinds[value] }))} />
          {tags.length > 0 && (
            <NativeSelect aria-label={t.library.tag} value={wanted.tag} onChange={(event) => set('tag', event.currentTarget.value)}
              data={[{ value: '', label: t.library.anyTag }, ...tags]} />
          )}
          <NativeSelect aria-label={t.library.sort} value={wanted.sort} onChange={(event) => set('sort', event.currentTarget.value)}
            data={SORTS.map((value) => ({ value, label: t.library.sorts[value] }))} />
          {!empty && <div className={css.day}><DayChoice as_of={as_of} /></div>}
        </div>
        {segments.data ? (
          <SegmentList segments={segments.data.segments} wanted={wanted} onClear={() => setSearch(as_of === undefined ? {} : { as_of }, { replace: true })} />
        ) : segments.isError ? (
          <ErrorState error={segments.error} onRetry={() => void segments.refetch()} />
        ) : (
          <Cards />
        )}
      </div>
    </Headed>
  );
}

/** The library before it has come. */
function Cards() {
  return (
    <div className={css.cards} aria-busy="true">
      <VisuallyHidden role="status">{t.state.loading}</VisuallyHidden>
      <Skeleton width={140} height={24} className={css.heading} />
      {[1, 2, 3, 4, 5, 6, 7, 8].map((card) => <Skeleton key={card} height={184} radius="lg" />)}
    </div>
  );
}
