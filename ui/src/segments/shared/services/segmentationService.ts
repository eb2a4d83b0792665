/** Every question that the page asks of the service, by name. */
import type {
  Catalog,
  Customer,
  Dialect,
  Difference,
  Explanation,
  Group,
  Preview,
  Segment,
  SegmentChange,
  SegmentDraft,
  SegmentList,
  Session,
  Version,
} from '../types/segment-types';
import { call } from './http';

type Signal = { signal?: AbortSignal };

const segmentPath = (id: string) => `/segments/${encodeURIComponent(id)}`;

export const getSession = ({ signal }: Signal) => call<Session>('GET', '/session', { signal });

export const getCatalog = ({ signal }: Signal) => call<Catalog>('GET', '/catalog', { signal });

export const getValues = (field: string, event: string | undefined, q: string, { signal }: Signal) =>
  call<{ values: { value: string; count: number }[] }>('GET', '/catalog/values', {
    query: { field, event, q, limit: 20 },
    signal,
  });

export const getSegments = ({ signal }: Signal) => call<SegmentList>('GET', '/segments', { signal });

export const getSegment = (id: string, { signal }: Signal) => call<Segment>('GET', segmentPath(id), { signal });

export const createSegment = (draft: SegmentDraft) => call<Segment>('POST', '/segments', { body: draft });

export const updateSegment = (id: string, change: SegmentChange) =>
  call<Segment>('PUT', segmentPath(id), { body: change });

export const archiveSegment = (id: string) => call<void>('DELETE', segmentPath(id));

export const duplicateSegment = (id: string, name: string) =>
  call<Segment>('POST', `${segmentPath(id)}/duplicate`, { body: { name } });

export const restoreSegment = (id: string, version: number) =>
  call<Segment>('POST', `${segmentPath(id)}/restore`, { body: { version } });

export const getVersions = (id: string, { signal }: Signal) =>
  call<{ versions: Version[] }>('GET', `${segmentPath(id)}/versions`, { signal });

export const getDependents = (id: string, { signal }: Signal) =>
  call<{ dependents: { id: string; name: string }[] }>('GET', `${segmentPath(id)}/dependents`, { signal });

/** Who would enter and leave the segment if it had this rule. */
export const getDifference = (id: string, rule: Group, { signal }: Signal) =>
  call<Difference>('POST', `${segmentPath(id)}/diff`, { body: { rule }, signal });

/** Count a rule; a newer call of the same `session` ends an older one at the service. */
export const previewRule = (rule: Group, session: string, { signal }: Signal) =>
  call<Preview>('POST', '/preview', { body: { rule, session }, signal });

export const getSql = (rule: Group, dialect: Dialect, { signal }: Signal) =>
  call<{ sql: string }>('POST', '/sql', { body: { rule, dialect }, signal });

export const explainCustomer = (customer: string | number, rule: Group, { signal }: Signal) =>
  call<Explanation>('POST', '/explain', { body: { customer_id: customer, rule }, signal });

export const findCustomers = (q: string, { signal }: Signal) =>
  call<{ customers: Customer[] }>('GET', '/customers', { query: { q, limit: 8 }, signal });
