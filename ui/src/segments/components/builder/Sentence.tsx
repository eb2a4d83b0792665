/** The rule as one plain sentence; long ones are cut until one asks for the rest. */
import { useState } from 'react';
import { t } from '../../shared/strings';
import css from './builder.module.css';

const LONG = 260; // characters; about three lines

export function Sentence({ words }: { words: string }) {
  const [whole, setWhole] = useState(false);
  const long = words.length > LONG;
  return (
    <div className={css.sentence} role="group" aria-label={t.builder.sentence} data-testid="sentence">
      <p data-cut={(long && !whole) || undefined}>{words}</p>
      {long && <button type="button" className={css.link} onClick={() => setWhole(!whole)}>{whole ? t.builder.less : t.builder.more}</button>}
    </div>
  );
}
