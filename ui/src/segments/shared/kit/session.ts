import { createContext, use } from 'react';
import type { Session } from '../types/segment-types';

export const SessionContext = createContext<Session | null>(null);

/** Return who is signed in, to which workspace; the shell draws no view before it knows. */
export function useWho(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('A view was drawn outside the shell');
  return session;
}

export const mayEdit = ({ role }: Session): boolean => role !== 'viewer';
