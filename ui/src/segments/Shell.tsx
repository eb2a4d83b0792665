/** The frame around every view: who is here, where one can go, what state the data is in. */
import { ActionIcon, Button, Group, Loader, Menu, Text } from '@mantine/core';
import { useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconPlus, IconSun } from '@tabler/icons-react';
import { Suspense } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import { LiveRegion } from './shared/kit/announcing';
import { LeavingQuestion } from './shared/kit/leaving';
import { Banners, EmptyState, ErrorState } from './shared/kit/States';
import { useSession } from './shared/services/queries';
import { t } from './shared/strings';
import { AsyncCentre } from './shared/kit/AsyncCentre';
import { mayEdit, SessionContext } from './shared/kit/session';
import { NAVIGATION, VIEWS } from './views';
import css from './Shell.module.css';

export function Shell() {
  const session = useSession();
  const [location] = useLocation();
  return (
    <>
      <a className="skip" href="#content">{t.skip}</a>
      <header className={css.header}>
        <Link href="/" className={css.brand} aria-label={t.title}>
          <Mark />
          <span className={css.workspace}>{session.data?.workspace || t.title}</span>
        </Link>
        <nav aria-label={t.nav.label} className={css.nav}>
          {NAVIGATION.map(({ label, href }) => (
            <Link key={href} href={href} className={leadsTo(href, location) ? `${css.link} ${css.active}` : css.link} aria-current={leadsTo(href, location) ? 'page' : undefined}>
              {label}
            </Link>
          ))}
        </nav>
        <Group gap="xs" ml="auto" wrap="nowrap">
          {session.data && (
            <Text size="xs" c="var(--quiet)" className={css.who}>
              {t.nav.signedInAs(session.data.name, session.data.role)}
            </Text>
          )}
          <Appearance />
          {session.data && mayEdit(session.data) && (
            <Button component={Link} href="/new" size="xs" leftSection={<IconPlus size={15} />} className={css.create}>{t.nav.create}</Button>
          )}
        </Group>
      </header>
      {session.data && <Banners session={session.data} />}
      <main id="content" tabIndex={-1} className={css.main}>
        {session.data ? (
          <SessionContext value={session.data}>
            <Suspense fallback={<AsyncCentre><Loader aria-label={t.state.loading} /></AsyncCentre>}>
              <Switch>
                {VIEWS.map(({ path, View, counts }) => (
                  <Route key={path} path={path}>{(params) => (counts && session.data.as_of === null ? <NothingCounted /> : <View params={params} />)}</Route>
                ))}
                <Route><EmptyState title={t.state.missingTitle}>{t.state.missing}</EmptyState></Route>
              </Switch>
            </Suspense>
          </SessionContext>
        ) : session.isError ? (
          <ErrorState error={session.error} onRetry={() => void session.refetch()} />
        ) : (
          <AsyncCentre><Loader aria-label={t.state.loading} /></AsyncCentre>
        )}
      </main>
      <LiveRegion />
      <LeavingQuestion />
    </>
  );
}

const NothingCounted = () => (
  <EmptyState title={t.state.notCountedTitle} action={<Button component={Link} href="/">{t.state.firstSteps}</Button>}>{t.state.notCounted}</EmptyState>
);

/** Whether a view at `location` is, or is below, the one at `href`. */
const leadsTo = (href: string, location: string) => location === href || location.startsWith(`${href}/`);

const SCHEMES: { value: MantineColorScheme; label: string; Icon: typeof IconSun }[] = [
  { value: 'light', label: t.nav.light, Icon: IconSun },
  { value: 'dark', label: t.nav.dark, Icon: IconMoon },
  { value: 'auto', label: t.nav.auto, Icon: IconDeviceDesktop },
];

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { Icon } = SCHEMES.find(({ value }) => value === colorScheme)!;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={32} aria-label={t.nav.appearance}><Icon size={17} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {SCHEMES.map(({ value, label, Icon: Each }) => (
          <Menu.Item key={value} leftSection={<Each size={15} />} onClick={() => setColorScheme(value)} fw={value === colorScheme ? 600 : 400}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Two overlapping sets. */
function Mark() {
  return (
    <svg width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="12" cy="16" r="9.5" fill="var(--mantine-color-herb-8)" />
      <circle cx="20" cy="16" r="9.5" fill="var(--mantine-color-herb-3)" fillOpacity=".8" />
    </svg>
  );
}
