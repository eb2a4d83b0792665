/** Nobody loses a rule by a click: leaving a view with unsaved changes asks first. */
import { Button, Group, Modal, Text } from '@mantine/core';
import { useEffect, useSyncExternalStore } from 'react';
import { navigate as goTo } from 'wouter/use-browser-location';
import type { AroundNavHandler } from 'wouter';
import { t } from '../strings';
import { guard, release } from './guard';

const listeners = new Set<() => void>();

function ask(proceed: (() => void) | undefined) {
  guard.waiting = proceed;
  for (const told of listeners) told();
}

const subscribe = (told: () => void) => {
  listeners.add(told);
  return () => void listeners.delete(told);
};

/** Navigate within the page, once it may. */
export const guardedNavigation: AroundNavHandler = (navigate, to, options) => {
  if (guard.unsaved) ask(() => navigate(to, options));
  else navigate(to, options);
};

// The browser has already gone back when it tells; the router must not hear of it before the person
// has answered, so this listener is added first, and the address is put back meanwhile.
window.addEventListener('popstate', (event) => {
  if (!guard.unsaved) return;
  event.stopImmediatePropagation();
  const target = window.location.href;
  history.pushState(null, '', guard.here);
  ask(() => goTo(target));
});

window.addEventListener('beforeunload', (event) => {
  if (guard.unsaved) event.preventDefault();
});

/** Guard the view while `unsaved`; returns how to say that everything is saved now. */
export function useLeavingGuard(unsaved: boolean): () => void {
  useEffect(() => {
    guard.unsaved = unsaved;
    guard.here = window.location.href;
    return release;
  }, [unsaved]);
  return release;
}

/** The question itself; drawn once, by the shell. */
export function LeavingQuestion() {
  const waiting = useSyncExternalStore(subscribe, () => guard.waiting);
  const stay = () => ask(undefined);
  const leave = () => {
    release();
    waiting?.();
    ask(undefined);
  };
  return (
    <Modal opened={waiting !== undefined} onClose={stay} title={t.leave.title} centered>
      <Text size="sm">{t.leave.text}</Text>
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={stay} data-autofocus>
          {t.leave.stay}
        </Button>
        <Button color="red.8" onClick={leave}>
          {t.leave.leave}
        </Button>
      </Group>
    </Modal>
  );
}
