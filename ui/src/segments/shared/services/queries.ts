/** The service's answers as hooks: what is asked, when it is asked again, and what a change makes stale. */
import { keepPreviousData, MutationCache, QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { criteriaOf } from '../../components/builder/criteria';
import { ApiError } from './http';
import { useService } from './segmentationService';
import type { Segment } from '../types/segment-types';

/** Ask again what a lost connection or a busy service left unanswered, not what was refused. */
const passing = (error: unknown) => error instanceof ApiError && [0, 502, 503, 504].includes(error.status);

/** How the service took what it was last asked: every refusal but that of a stranger is an answer. */
export type Reception = 'answers' | 'away' | 'signedOut';

const reception = { now: 'answers' as Reception, listeners: new Set<() => void>() };

function settled(error?: unknown) {
  const status = error instanceof ApiError ? error.status : 200;
  const now: Reception = status === 0 ? 'away' : status === 401 ? 'signedOut' : 'answers';
  if (now === reception.now) return;
  reception.now = now;
  for (const told of reception.listeners) told();
}

const subscribe = (told: () => void) => {
  reception.listeners.add(told);
  return () => void reception.listeners.delete(told);
};

export const useReception = () => useSyncExternalStore(subscribe, () => reception.now);

export const newQueryClient = () =>
  new QueryClient({
    queryCache: new QueryCache({ onError: settled, onSuccess: () => settled() }),
    mutationCache: new MutationCache({ onError: settled, onSuccess: () => settled() }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        retry: (failures, error) => failures < 2 && passing(error),
        // A service on this machine answers also where the browser believes itself offline.
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  });

/** While the service is away, ask every few seconds whether it is back. */
export const untilBack = (query: { state: { error: unknown } }) => (passing(query.state.error) ? 3000 : false);

export const useSession = () =>
  useQuery({ queryKey: ['session'], queryFn: useService().getSession, refetchInterval: untilBack });

/** Every segment, on a day or on the latest night. */
export function useSegments(as_of?: string) {
  const { getSegments } = useService();
  return useQuery({
    queryKey: ['segments', as_of],
    queryFn: ({ signal }) => getSegments(as_of, { signal }),
    placeholderData: keepPreviousData,
    refetchInterval: untilBack,
  });
}

export function useSegment(id: string | undefined) {
  const { getSegment } = useService();
  return useQuery({
    queryKey: ['segment', id],
    queryFn: ({ signal }) => getSegment(id!, { signal }),
    enabled: id !== undefined,
    refetchOnWindowFocus: false,
    refetchInterval: untilBack,
  });
}

/** The catalog, indexed; it changes with segments and models only. */
export function useCriteria() {
  const query = useQuery({ queryKey: ['catalog'], queryFn: useService().getCatalog, staleTime: 300_000, refetchInterval: untilBack });
  const criteria = useMemo(() => query.data && criteriaOf(query.data), [query.data]);
  return { ...query, criteria };
}

export function useVersions(id: string) {
  const { getVersions } = useService();
  return useQuery({ queryKey: ['versions', id], queryFn: ({ signal }) => getVersions(id, { signal }) });
}

export function usePins(id: string) {
  const { getPins } = useService();
  return useQuery({ queryKey: ['pins', id], queryFn: ({ signal }) => getPins(id, { signal }) });
}

export function useDependents(id: string) {
  const { getDependents } = useService();
  return useQuery({ queryKey: ['dependents', id], queryFn: ({ signal }) => getDependents(id, { signal }) });
}

/** A change of the library: `change` is made, then whatever shows segments is asked again. */
export function useLibraryChange<In, Out>(change: (input: In) => Promise<Out>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: () => {
      for (const key of ['segments', 'segment', 'catalog', 'versions', 'dependents', 'pins', 'members']) void client.invalidateQueries({ queryKey: [key] });
    },
  });
}

export function useArchiveSegment() {
  const { archiveSegment } = useService();
  return useLibraryChange((segment: Segment) => archiveSegment(segment.id));
}

export function useDuplicateSegment() {
  const { duplicateSegment } = useService();
  return useLibraryChange(({ id, name }: { id: string; name: string }) => duplicateSegment(id, name));
}

export function useRestoreSegment() {
  const { restoreSegment } = useService();
  return useLibraryChange(({ id, version }: { id: string; version: number }) => restoreSegment(id, version));
}

interface Pin {
  customer: string | number;
  included: boolean | undefined;
}

export function usePinCustomer(segment: string) {
  const { pinCustomer } = useService();
  return useLibraryChange(({ customer, included }: Pin) => pinCustomer(segment, customer, included));
}
