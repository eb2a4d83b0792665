/** What the page asks of the analytics: each question with the key under which its answer is kept. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import type { Group, Preview, Segment } from '../types/segment-types';
import type { Members, Moves, Overlap, ProfileOf, Revenue, Trend } from './api.gen';
import { answerOf, client } from './http';
import { asWire, pageService } from './segmentationService';

/** The day that is meant; the latest night where there is none. */
type Day = string | undefined;

const on = (as_of: Day) => (as_of === undefined ? {} : { as_of });
const named = (segment: string) => ({ segment });

/** Everybody who is not in the segment. */
export const REST = 'rest';

export const segmentOn = (segment: string, as_of: Day) =>
  queryOptions({
    queryKey: ['segment', segment, as_of],
    queryFn: ({ signal }) => answerOf<Segment>(client.GET('/api/v1/segments/{segment}', { params: { path: named(segment), query: on(as_of) }, signal })),
    placeholderData: keepPreviousData,
  });

export const profileOf = (segment: string, against: string, as_of: Day) =>
  queryOptions({
    queryKey: ['profile', segment, against, as_of],
    queryFn: ({ signal }) =>
      answerOf<ProfileOf>(client.GET('/api/v1/segments/{segment}/profile', { params: { path: named(segment), query: { against, ...on(as_of) } }, signal })),
  });

export const trendOf = (segment: string) =>
  queryOptions({
    queryKey: ['trend', segment],
    queryFn: ({ signal }) => answerOf<Trend>(client.GET('/api/v1/segments/{segment}/trend', { params: { path: named(segment) }, signal })),
  });

export const MEMBERS_PAGE = 25;

export interface MembersAsked {
  as_of: Day;
  fields: string[];
  sort: string;
  q: string;
  cursor: string | undefined;
}

export const membersOf = (segment: string, asked: MembersAsked) =>
  queryOptions({
    queryKey: ['members', segment, asked],
    queryFn: ({ signal }) => {
      const { as_of, fields, cursor, ...rest } = asked;
      const query = { ...rest, ...on(as_of), ...(cursor && { cursor }), fields: fields.join(','), limit: MEMBERS_PAGE };
      return answerOf<Members>(client.GET('/api/v1/segments/{segment}/members', { params: { path: named(segment), query }, signal }));
    },
    placeholderData: keepPreviousData,
  });

export const movesOf = (segment: string, start: string, end: string) =>
  queryOptions({
    queryKey: ['moves', segment, start, end],
    queryFn: ({ signal }) =>
      answerOf<Moves>(client.GET('/api/v1/segments/{segment}/moves', { params: { path: named(segment), query: { start, end, limit: 20 } }, signal })),
    placeholderData: keepPreviousData,
  });

/** Who would come and go if the segment had this rule. */
export const differenceOf = (segment: string, rule: Group) =>
  queryOptions({
    queryKey: ['diff', segment, JSON.stringify(rule)],
    queryFn: ({ signal }) => pageService.getDifference(segment, rule, { signal }),
  });

/** A rule in words and numbers. */
export const previewOf = (rule: Group) =>
  queryOptions({
    queryKey: ['preview', JSON.stringify(rule)],
    queryFn: ({ signal }) => answerOf<Preview>(client.POST('/api/v1/preview', { body: { rule: asWire(rule) }, signal })),
  });

export const overlapOf = (segments: string[]) =>
  queryOptions({
    queryKey: ['overlap', segments],
    queryFn: ({ signal }) => answerOf<Overlap>(client.GET('/api/v1/analytics/overlap', { params: { query: { segments: segments.join(',') } }, signal })),
    placeholderData: keepPreviousData,
  });

export const revenueOfAll = queryOptions({
  queryKey: ['revenue'],
  queryFn: ({ signal }) => answerOf<Revenue>(client.GET('/api/v1/analytics/revenue', { signal })),
});
