/**
 * Every question that is asked of the service about rules and segments, by name: over HTTP on the
 * page, and through whatever carries it where the builder stands elsewhere.
 */
import { createContext, use } from 'react';
import type {
  Catalog, Customer, Dialect, Difference, Explanation, Group, Preview, Segment, SegmentChange, SegmentDraft, SegmentList, Session, Version,
} from '../types/segment-types';
import type { Dependents, NewSegment, Pins, Sql, Suggestions } from './api.gen';
import { answerOf, client as http, type ApiClient } from './http';

interface Cancellable {
  signal: AbortSignal;
}

/** JSON's schema says of a rule only that it has `rules`; the rule language checks the rest. */
export const asWire = (rule: Group) => rule as unknown as NewSegment['rule'];

const named = (segment: string) => ({ path: { segment } });

export const serviceOf = (client: ApiClient) => ({
  getSession: ({ signal }: Cancellable) => answerOf<Session>(client.GET('/api/v1/session', { signal })),

  getCatalog: ({ signal }: Cancellable) => answerOf<Catalog>(client.GET('/api/v1/catalog', { signal })),

  /** The most frequent values of a field that fit `q`; of an event's field where there is an `event`. */
  getValues: (field: string, event: string | undefined, q: string, { signal }: Cancellable) =>
    answerOf<Suggestions>(client.GET('/api/v1/catalog/values', { params: { query: { field, q, limit: 20, ...(event && { event }) } }, signal })),

  getSegments: (as_of: string | undefined, { signal }: Cancellable) =>
    answerOf<SegmentList>(client.GET('/api/v1/segments', { params: { query: as_of === undefined ? {} : { as_of } }, signal })),

  getSegment: (id: string, { signal }: Cancellable) =>
    answerOf<Segment>(client.GET('/api/v1/segments/{segment}', { params: named(id), signal })),

  createSegment: (draft: SegmentDraft) =>
    answerOf<Segment>(client.POST('/api/v1/segments', { body: { ...draft, rule: asWire(draft.rule) } })),

  updateSegment: (id: string, { rule, ...change }: SegmentChange) =>
    answerOf<Segment>(client.PUT('/api/v1/segments/{segment}', { params: named(id), body: { ...change, ...(rule && { rule: asWire(rule) }) } })),

  archiveSegment: (id: string) => answerOf<void>(client.DELETE('/api/v1/segments/{segment}', { params: named(id) })),

  duplicateSegment: (id: string, name: string) =>
    answerOf<Segment>(client.POST('/api/v1/segments/{segment}/duplicate', { params: named(id), body: { name } })),

  restoreSegment: (id: string, version: number) =>
    answerOf<Segment>(client.POST('/api/v1/segments/{segment}/restore', { params: named(id), body: { version } })),

  getVersions: (id: string, { signal }: Cancellable) =>
    answerOf<{ versions: Version[] }>(client.GET('/api/v1/segments/{segment}/versions', { params: named(id), signal })),

  getDependents: (id: string, { signal }: Cancellable) =>
    answerOf<Dependents>(client.GET('/api/v1/segments/{segment}/dependents', { params: named(id), signal })),

  getPins: (id: string, { signal }: Cancellable) =>
    answerOf<Pins>(client.GET('/api/v1/segments/{segment}/pins', { params: named(id), signal })),

  /** Keep a customer in a segment or out of it, whatever the rule says; `undefined` lets the rule decide again. */
  pinCustomer: (id: string, customer: string | number, included: boolean | undefined) => {
    const params = { path: { segment: id, customer } };
    return answerOf<Segment>(
      included === undefined
        ? client.DELETE('/api/v1/segments/{segment}/pins/{customer}', { params })
        : client.PUT('/api/v1/segments/{segment}/pins/{customer}', { params, body: { included } }),
    );
  },

  /** Who would enter and leave the segment if it had this rule. */
  getDifference: (id: string, rule: Group, { signal }: Cancellable) =>
    answerOf<Difference>(client.POST('/api/v1/segments/{segment}/diff', { params: named(id), body: { rule: asWire(rule) }, signal })),

  /** Count a rule; a newer call of the same `session` ends an older one at the service. */
  previewRule: (rule: Group, session: string, { signal }: Cancellable) =>
    answerOf<Preview>(client.POST('/api/v1/preview', { body: { rule: asWire(rule), session }, signal })),

  getSql: (rule: Group, dialect: Dialect, { signal }: Cancellable) =>
    answerOf<Sql>(client.POST('/api/v1/sql', { body: { rule: asWire(rule), dialect }, signal })),

  /** Why a customer is meant by a rule, or why not; on a day, or on the latest night. */
  explainCustomer: (customer: string | number, rule: Group, as_of: string | undefined, { signal }: Cancellable) =>
    answerOf<Explanation>(client.POST('/api/v1/explain', { body: { customer_id: customer, rule: asWire(rule), as_of: as_of ?? null }, signal })),

  findCustomers: (q: string, { signal }: Cancellable) =>
    answerOf<{ customers: Customer[] }>(client.GET('/api/v1/customers', { params: { query: { q, limit: 8 } }, signal })),
});

export const pageService = serviceOf(http);

export const ServiceContext = createContext(pageService);

/** Return whom to ask. */
export const useService = () => use(ServiceContext);
