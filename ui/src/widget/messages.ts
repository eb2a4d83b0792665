/** HTTP without a network: a request travels to the kernel as a message, and its answer comes back as one. */
import { generateID } from '@react-querybuilder/core';
import type { Model } from './model';

const PATIENCE = 60_000; // milliseconds; a kernel that was restarted never answers

interface Answer {
  id: string;
  status: number;
  body: string;
}

/** Return a `fetch` that the kernel answers; ending it by `close` leaves no listener behind. */
export function kernelFetch(model: Model) {
  const waiting = new Map<string, (answer: Answer) => void>();
  const hear = (answer: Answer) => waiting.get(answer.id)?.(answer);
  model.on('msg:custom', hear);

  async function ask(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const body = await request.text();
    const ended = AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE)]);
    const id = generateID();
    const answer = await new Promise<Answer>((resolve, reject) => {
      ended.throwIfAborted();
      ended.addEventListener('abort', () => reject(ended.reason));
      waiting.set(id, resolve);
      model.send({ id, method: request.method, path: pathname + search, body });
    }).finally(() => waiting.delete(id));
    return new Response(answer.body || null, { status: answer.status, headers: { 'Content-Type': 'application/json' } });
  }

  return { ask, close: () => model.off('msg:custom', hear) };
}
