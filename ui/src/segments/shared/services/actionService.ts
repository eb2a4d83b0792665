/** What the page asks of actions: lookalikes, exports, campaigns. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Segment } from '../types/segment-types';
import type { AskedExport, AskedPlan, Exports, FileOf, LookalikeOf, MadeExport, PlanOf, Plans, SavedLookalike, SavedPlan } from './api.gen';
import { answerOf, client } from './http';

/** Who is most like a segment; the first size takes seconds, the others are at hand then. */
export const lookalikeOf = (segment: string, size: number) =>
  queryOptions({
    queryKey: ['lookalike', segment, size],
    queryFn: ({ signal }) => answerOf<LookalikeOf>(client.POST('/api/v1/lookalike', { body: { segment, size }, signal })),
    placeholderData: (before: LookalikeOf | undefined, query) => (query?.queryKey[1] === segment ? before : undefined),
    staleTime: Infinity,
  });

export const saveLookalike = (asked: SavedLookalike) => answerOf<Segment>(client.POST('/api/v1/lookalike/save', { body: asked }));

export const makeExport = (asked: AskedExport) => answerOf<MadeExport>(client.POST('/api/v1/exports', { body: asked }));

export const exportList = queryOptions({ queryKey: ['exports'], queryFn: ({ signal }) => answerOf<Exports>(client.GET('/api/v1/exports', { signal })) });

export const planOf = (asked: AskedPlan) =>
  queryOptions({
    queryKey: ['plan', asked],
    queryFn: ({ signal }) => answerOf<PlanOf>(client.POST('/api/v1/campaigns/plan', { body: asked, signal })),
    placeholderData: keepPreviousData,
  });

export const savePlan = (asked: AskedPlan) => answerOf<SavedPlan>(client.POST('/api/v1/campaigns', { body: asked }));

export const planList = queryOptions({ queryKey: ['campaigns'], queryFn: ({ signal }) => answerOf<Plans>(client.GET('/api/v1/campaigns', { signal })) });

export const recipientsOf = (plan: number) =>
  answerOf<FileOf[]>(client.POST('/api/v1/campaigns/{plan}/recipients', { params: { path: { plan } } }));
