/** What stands where an answer is missing: why, and what to do. */
import { Alert, Button, Center, Stack, Text, Title } from '@mantine/core';
import { IconCloudOff, IconHourglass, IconLock, IconMoodEmpty, IconZoomExclamation } from '@tabler/icons-react';
import { use, type ReactNode } from 'react';
import { ApiError } from '../services/http';
import { useReception } from '../services/queries';
import { t } from '../strings';
import type { Session } from '../types/segment-types';
import { Headed } from './headed';
import { reloadFreely } from './guard';

interface StateProps {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** A view, or a part of one, that has nothing to show. */
export function EmptyState({ icon, title, children, action }: StateProps) {
  const headed = use(Headed);
  return (
    <Center py={48} px="md">
      <Stack align="center" gap="xs" maw={440} ta="center">
        {icon && <Text c="var(--quiet)" lh={0}>{icon}</Text>}
        <Title order={headed ? 2 : 1} size="h2">{title}</Title>
        {children && <Text size="sm" c="var(--quiet)">{children}</Text>}
        {action && <div style={{ marginTop: 12 }}>{action}</div>}
      </Stack>
    </Center>
  );
}

/** A failure, said to the person who can do something about it. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { icon, title, text } = wordsFor(error);
  const request = error instanceof ApiError ? error.requestId : '';
  const signedOut = error instanceof ApiError && error.status === 401;
  const again = signedOut || !onRetry ? reloadFreely : onRetry;
  const label = signedOut ? t.state.signIn : onRetry ? t.state.retry : t.state.reload;
  return (
    <div role="alert">
      <EmptyState icon={icon} title={title} action={<Button variant="default" onClick={again}>{label}</Button>}>
        {text}
        {request && <><br />{t.state.request(request)}</>}
      </EmptyState>
    </div>
  );
}

/** Return what to say of a failure: the service's own words where it gave some. */
export function wordsFor(error: unknown): { icon: ReactNode; title: string; text: string } {
  const status = error instanceof ApiError ? error.status : -1;
  const told = error instanceof ApiError ? error.message : '';
  switch (status) {
    case 0:
      return { icon: <IconCloudOff size={32} />, title: t.state.offlineTitle, text: t.state.offline };
    case 401:
      return { icon: <IconLock size={32} />, title: t.state.signedOutTitle, text: t.state.signedOut };
    case 403:
      return { icon: <IconLock size={32} />, title: t.state.forbiddenTitle, text: told || t.state.forbidden };
    case 404:
      return { icon: <IconMoodEmpty size={32} />, title: t.state.missingTitle, text: told || t.state.missing };
    case 429:
    case 503:
      return { icon: <IconHourglass size={32} />, title: t.state.busyTitle, text: told || t.state.busy };
    default:
      return { icon: <IconZoomExclamation size={32} />, title: t.state.brokenTitle, text: told || t.state.broken };
  }
}

/** Above every view: a service that is away, somebody who is signed out, data that is old, or a role that only reads. */
export function Banners({ session }: { session: Session }) {
  const reception = useReception();
  const words = [
    reception === 'away' ? `${t.state.offlineTitle}. ${t.state.offline}` : '',
    session.as_of === null ? t.state.noNight : session.stale ? t.state.stale(session.age_days ?? 0, session.as_of) : '',
    session.role === 'viewer' ? t.state.readOnly : '',
  ];
  return (
    <>
      {reception === 'signedOut' && (
        <Banner>
          {t.state.signedOutTitle}. {t.state.kept}{' '}
          <Button size="compact-sm" variant="default" ml="xs" onClick={reloadFreely}>{t.state.signIn}</Button>
        </Banner>
      )}
      {words.filter(Boolean).map((text) => <Banner key={text}>{text}</Banner>)}
    </>
  );
}

function Banner({ children }: { children: ReactNode }) {
  return (
    <Alert role="status" radius={0} py={8} styles={{ root: { background: 'var(--warn-soft)' }, message: { color: 'var(--warn)', textAlign: 'center' } }}>
      {children}
    </Alert>
  );
}
