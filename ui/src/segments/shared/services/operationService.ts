/** What the page asks of the running of the product: nights, webhooks, tokens, the audit. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { Audit, Deliveries, MadeToken, NewToken, NewWebhook, Runs, Started, Timetable, Tokens, WebhookOf, Webhooks } from './api.gen';
import { answerOf, client } from './http';

export const WATCHED = 2_000; // milliseconds between two looks at what is still running
const GLANCED = 30_000;
const AUDIT_PAGE = 50;

export const runList = queryOptions({
  queryKey: ['runs'],
  queryFn: ({ signal }) => answerOf<Runs>(client.GET('/api/v1/runs', { params: { query: { limit: 50 } }, signal })),
  refetchInterval: ({ state }) => (state.data?.runs.some((run) => run.state === 'running') ? WATCHED : GLANCED),
});

/** Start the night of today. */
export const startNight = () => answerOf<Started>(client.POST('/api/v1/runs', { body: {} }));

export const schedule = queryOptions({ queryKey: ['schedule'], queryFn: ({ signal }) => answerOf<Timetable>(client.GET('/api/v1/schedule', { signal })) });

export const changeSchedule = (timetable: Timetable) => answerOf<Timetable>(client.PUT('/api/v1/schedule', { body: timetable }));

export const webhookList = queryOptions({ queryKey: ['webhooks'], queryFn: ({ signal }) => answerOf<Webhooks>(client.GET('/api/v1/webhooks', { signal })) });

export const addWebhook = (webhook: NewWebhook) => answerOf<WebhookOf>(client.POST('/api/v1/webhooks', { body: webhook }));

export const removeWebhook = (webhook: number) => answerOf<void>(client.DELETE('/api/v1/webhooks/{webhook}', { params: { path: { webhook } } }));

/** Send a webhook a delivery without customers, to see that it arrives. */
export const testWebhook = (webhook: number) => answerOf<void>(client.POST('/api/v1/webhooks/{webhook}/test', { params: { path: { webhook } } }));

export const deliveriesOf = (webhook: number) =>
  queryOptions({
    queryKey: ['deliveries', webhook],
    queryFn: ({ signal }) => answerOf<Deliveries>(client.GET('/api/v1/webhooks/{webhook}/deliveries', { params: { path: { webhook } }, signal })),
    refetchInterval: ({ state }) => (state.data?.deliveries.some((delivery) => delivery.state === 'pending') ? WATCHED : false),
  });

export const retryDelivery = (delivery: number) => answerOf<void>(client.POST('/api/v1/deliveries/{delivery}/retry', { params: { path: { delivery } } }));

export const tokenList = queryOptions({ queryKey: ['tokens'], queryFn: ({ signal }) => answerOf<Tokens>(client.GET('/api/v1/tokens', { signal })) });

export const createToken = (token: NewToken) => answerOf<MadeToken>(client.POST('/api/v1/tokens', { body: token }));

export const revokeToken = (token: string) => answerOf<void>(client.DELETE('/api/v1/tokens/{token}', { params: { path: { token } } }));

export const auditLog = infiniteQueryOptions({
  queryKey: ['audit'],
  queryFn: ({ signal, pageParam }) =>
    answerOf<Audit>(client.GET('/api/v1/audit', { params: { query: { limit: AUDIT_PAGE, ...(pageParam !== undefined && { before: pageParam }) } }, signal })),
  staleTime: 0,
  initialPageParam: undefined as number | undefined,
  getNextPageParam: ({ entries }) => (entries.length < AUDIT_PAGE ? undefined : entries.at(-1)!.id),
});
