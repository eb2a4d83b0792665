/** An answer of the service, or what stands where it is missing. */
import { Skeleton, VisuallyHidden } from '@mantine/core';
import type { ReactNode } from 'react';
import { t } from '../strings';
import { ErrorState } from './States';

interface LoadedProps<T> {
  query: { data: T | undefined; isError: boolean; error: unknown; refetch: () => unknown };
  /** Of the room that is kept free meanwhile, in pixels. */
  height?: number;
  children: (answer: T) => ReactNode;
}

/** What came last is kept while a newer answer is on its way. */
export function Loaded<T>({ query, height = 220, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div aria-busy="true">
      <VisuallyHidden role="status">{t.state.loading}</VisuallyHidden>
      <Skeleton height={height} radius="lg" />
    </div>
  );
}
