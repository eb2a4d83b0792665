/** Why something was not done, where it was asked for: every problem with what would be right. */
import { Alert } from '@mantine/core';
import { ApiError } from '../services/http';
import { wordsFor } from './States';

export function Refusal({ error }: { error: unknown }) {
  const { title, text } = wordsFor(error);
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <Alert role="alert" color="red" title={title} styles={{ root: { background: 'var(--bad-soft)' }, title: { color: 'var(--bad)' }, message: { color: 'var(--ink)' } }}>
      {!problems.length && text}
      {problems.map(({ message, hint }) => <div key={message + hint}>{message} {hint}</div>)}
    </Alert>
  );
}
