/** What the page asks about models: each question with the key under which its answer is kept. */
import { queryOptions } from '@tanstack/react-query';
import type { ModelOf, Models } from './api.gen';
import { answerOf, client } from './http';

export const modelList = queryOptions({ queryKey: ['models'], queryFn: ({ signal }) => answerOf<Models>(client.GET('/api/v1/models', { signal })) });

export const modelNamed = (name: string) =>
  queryOptions({
    queryKey: ['model', name],
    queryFn: ({ signal }) => answerOf<ModelOf>(client.GET('/api/v1/models/{name}', { params: { path: { name } }, signal })),
  });
