/** One call to the service, and everything that can go wrong with it as one error. */
import type { Problem, ProblemDocument } from '../types/segment-types';

const PREFIX = '/api/v1';

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

export interface CallOptions {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** Return the decoded answer of the service; throw an `ApiError` for every other outcome. */
export async function call<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-Segml'] = 'page';
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  let answer: Response;
  try {
    answer = await fetch(address(path, options.query), {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
      credentials: 'same-origin',
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError(0, {});
  }
  if (!answer.ok) throw new ApiError(answer.status, await problemOf(answer));
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

function address(path: string, query: CallOptions['query'] = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return PREFIX + path + (given.length ? `?${search}` : '');
}

/** Proxies answer in HTML: their status is then all there is to say. */
async function problemOf(answer: Response): Promise<Partial<ProblemDocument>> {
  try {
    return (await answer.json()) as Partial<ProblemDocument>;
  } catch {
    return { title: answer.statusText };
  }
}
