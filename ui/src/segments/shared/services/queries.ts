/** The service's answers as hooks: what is asked, when it is asked again, and what a change makes stale. */
import { QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useSyncExternalStore } from 'react';
import { criteriaOf } from '../../components/builder/criteria';
import { ApiError } from './http';
import { useService } from './segmentationService';
import type { Segment } from '../types/segment-types';

/** Ask again what a lost connection or a busy service left unanswered, not what was refused. */
const passing = (error: unknown) => error instanceof ApiError && [0, 502, 503, 504].includes(error.status);

/** Whether the service answered when it was last asked anything; a refusal is an answer. */
const connection = { reached: true, listeners: new Set<() => void>() };

function settled(error?: unknown) {
  const reached = !(error instanceof ApiError && error.status === 0);
  if (reached === connection.reached) return;
  connection.reached = reached;
  for (const told of connection.listeners) told();
}

const subscribe = (told: () => void) => {
  connection.listeners.add(told);
  return () => void connection.listeners.delete(told);
};

export const useReached = () => useSyncExternalStore(subscribe, () => connection.reached);

export const newQueryClient = () =>
  new QueryClient({
    queryCache: new QueryCache({ onError: settled, onSuccess: () => settled() }),
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

export const useSegments = () =>
  useQuery({ queryKey: ['segments'], queryFn: useService().getSegments, refetchInterval: untilBack });

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
      for (const key of ['segments', 'segment', 'catalog', 'versions', 'dependents']) void client.invalidateQueries({ queryKey: [key] });
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
