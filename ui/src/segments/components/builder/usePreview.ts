/** The count of a rule while it is edited: asked a moment after the last change, and only once. */
import { generateID } from '@react-querybuilder/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { ApiError } from '../../shared/services/http';
import { untilBack } from '../../shared/services/queries';
import { useService } from '../../shared/services/segmentationService';
import type { Group, Preview } from '../../shared/types/segment-types';
import { asksSomething, countable, type Criteria } from './criteria';
import type { Notes } from './notes';
import { toWire } from './ruleTree';

const PAUSE = 150; // milliseconds without a change before the service is asked

export interface LivePreview {
  /** The newest answer; while another is awaited, the one before. */
  answer: Preview | undefined;
  /** The rule as it was asked, in wire form, or undefined where there is nothing to ask. */
  asked: Group | undefined;
  /** The rule as it last stood still, in wire form; what is not filled in is muted. */
  settled: Group;
  /** How many conditions were left out because they are not filled in. */
  left: number;
  error: unknown;
  waiting: boolean;
  retry: () => void;
}

const again = (failures: number, error: unknown) =>
  failures < 3 && error instanceof ApiError && (error.status === 503 || error.type.endsWith('superseded'));

export function usePreview(rule: Group, criteria: Criteria, notes: Notes): LivePreview {
  const { previewRule } = useService();
  const [session] = useState(generateID); // at the service, its newer question ends the older one
  const [settled] = useDebouncedValue(rule, PAUSE);
  const { rule: counted, left } = useMemo(() => countable(criteria, settled), [criteria, settled]);
  const wire = useMemo(() => toWire(counted), [counted]);
  const asked = asksSomething(counted) ? wire : undefined;
  const query = useQuery({
    // Ids are no part of it: dragging a condition to where it was asks nothing.
    queryKey: ['preview', JSON.stringify(asked)],
    queryFn: ({ signal }) => previewRule(asked!, session, { signal }),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
    retry: again,
    refetchInterval: untilBack,
    refetchOnWindowFocus: false,
  });
  const answer = asked && query.data;
  const fresh = asked && !query.isPlaceholderData ? query.data : undefined;

  useEffect(() => {
    if (fresh || !asked) notes.take(counted, fresh, left);
  }, [notes, counted, fresh, asked, left]);

  return {
    answer,
    asked,
    settled: wire,
    left: left.length,
    error: asked && query.isError ? query.error : null,
    waiting: settled !== rule || query.isFetching,
    retry: () => void query.refetch(),
  };
}
