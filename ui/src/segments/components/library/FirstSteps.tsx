/** A workspace in which nothing was counted yet: what to do, in order, and the part that can be done here. */
import { Title } from '@mantine/core';
import { StartNight } from '../operations/StartNight';
import { t } from '../../shared/strings';
import css from './library.module.css';

export function FirstSteps() {
  const words = t.library.first;
  return (
    <section aria-labelledby="first" className={css.first}>
      <Title order={2} id="first">{words.title}</Title>
      <ol>
        <li>
          <strong>{words.facts}</strong>
          <p>{words.factsHelp}</p>
          <code>{words.importCommand}</code>
        </li>
        <li>
          <strong>{words.night}</strong>
          <p>{words.nightHelp}</p>
          <StartNight />
        </li>
        <li>
          <strong>{words.look}</strong>
          <p>{words.lookHelp}</p>
        </li>
      </ol>
    </section>
  );
}
