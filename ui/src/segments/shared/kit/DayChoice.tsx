import { Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { t } from '../strings';
import css from './kit.module.css';
import { useWho } from './session';

/** "Who was in it on 1 June": a day of the past, kept in the address. */
const DAY_WIDE = { input: { width: 150 } };

export function DayChoice({ as_of }: { as_of: string | undefined }) {
  const latest = useWho().as_of ?? '';
  const [, setSearch] = useSearchParams();
  const [typed, setTyped] = useState(as_of ?? latest);
  const goTo = (day: string) => {
    setTyped(day);
    // A day half typed is no question yet.
    if (day && (day > latest || day < '1990')) return;
    setSearch((before) => {
      const after = new URLSearchParams(before);
      if (day && day !== latest) after.set('as_of', day);
      else after.delete('as_of');
      return after;
    });
  };
  return (
    <div className={css.day}>
      <TextInput type="date" size="xs" label={t.day.asOf} value={typed} max={latest} styles={DAY_WIDE} onChange={({ currentTarget }) => goTo(currentTarget.value)} />
      {as_of && <Button size="xs" variant="subtle" onClick={() => goTo(latest)}>{t.day.latest}</Button>}
    </div>
  );
}
