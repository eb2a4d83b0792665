/** The service as a typed client, and everything that can go wrong with a call as one error. */
import createClient from 'openapi-fetch';
import type { Problem, ProblemDocument } from '../types/segment-types';
import type { paths } from './api.gen';

export type ApiClient = ReturnType<typeof createClient<paths>>;

/** Only the page's own scripts can send this header, so no other site can act in its name. */
export const client: ApiClient = createClient<paths>({ baseUrl: '/', credentials: 'same-origin', headers: { 'X-Segml': 'page' } });

/** What the service refused, or that it could not be reached (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly problems: Problem[];
  readonly requestId: string;

  constructor(status: number, told: Partial<ProblemDocument>) {
    super(told.detail || told.title || '');
    this.name = 'ApiError';
    this.status = status;
    this.type = told.type ?? '';
    this.problems = told.problems ?? [];
    this.requestId = told.request_id ?? '';
  }
}

interface Outcome {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/**
 * Return what the service answers; throw an `ApiError` for every other outcome but being cancelled.
 * `Told` is the generated type of the answer, or what `segment-types` says of it more exactly.
 */
export async function answerOf<Told>(asked: Promise<Outcome>): Promise<Told> {
  let outcome: Outcome;
  try {
    outcome = await asked;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, {});
  }
  const { data, error, response } = outcome;
  if (!response.ok) throw new ApiError(response.status, problemOf(error, response));
  return data as Told;
}

/** Proxies answer in HTML: their status is then all there is to say. */
const problemOf = (error: unknown, response: Response): Partial<ProblemDocument> =>
  typeof error === 'object' && error !== null ? error : { title: response.statusText };
