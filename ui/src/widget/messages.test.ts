import { describe, expect, it } from 'vitest';
import { kernelFetch } from './messages';
import type { Model } from './model';

interface Message {
  id: string;
  method: string;
  path: string;
  body: string;
}

/** A kernel that remembers what it was asked, and answers when it is told to. */
function kernel() {
  const asked: Message[] = [];
  const listeners = new Set<(told: never) => void>();
  const model = {
    on: (_: string, heard: (told: never) => void) => void listeners.add(heard),
    off: (_: string, heard: (told: never) => void) => void listeners.delete(heard),
    send: (message: unknown) => void asked.push(message as Message),
  } as unknown as Model;
  const answer = (id: string, status: number, body: string) => {
    for (const heard of listeners) heard({ id, status, body } as never);
  };
  return { model, asked, answer, listeners };
}

const question = (path: string, options: RequestInit = {}) => new Request(`http://kernel${path}`, options);
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('a request by message', () => {
  it('says what is asked, and is answered by its id whatever the order', async () => {
    const { model, asked, answer } = kernel();
    const { ask } = kernelFetch(model);
    const first = ask(question('/api/v1/catalog/values?field=city&q='));
    const second = ask(question('/api/v1/preview', { method: 'POST', body: '{"rule":1}' }));
    await settled();
    expect(asked.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', '/api/v1/catalog/values?field=city&q=', ''],
      ['POST', '/api/v1/preview', '{"rule":1}'],
    ]);
    answer(asked[1]!.id, 422, '{"detail":"no"}');
    answer(asked[0]!.id, 200, '{"values":[]}');
    expect([(await second).status, await (await second).json()]).toEqual([422, { detail: 'no' }]);
    expect(await (await first).json()).toEqual({ values: [] });
  });

  it('ends at once when it is cancelled, as a fetch does', async () => {
    const { model } = kernel();
    const cancelling = new AbortController();
    const waiting = kernelFetch(model).ask(question('/api/v1/catalog', { signal: cancelling.signal }));
    const ended = expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await settled();
    cancelling.abort();
    await ended;
  });

  it('has no body where there is none to have', async () => {
    const { model, asked, answer } = kernel();
    const gone = kernelFetch(model).ask(question('/api/v1/segments/x', { method: 'DELETE' }));
    await settled();
    answer(asked[0]!.id, 204, '');
    expect((await gone).status).toBe(204);
  });

  it('leaves no listener behind', () => {
    const { model, listeners } = kernel();
    const { close } = kernelFetch(model);
    expect(listeners.size).toBe(1);
    close();
    expect(listeners.size).toBe(0);
  });
});
