/** What nights and trainings did, the newest first, with what a person should look at. */
import { Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { asMoment } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel } from '../../shared/kit/Panel';
import { EmptyState } from '../../shared/kit/States';
import { runList } from '../../shared/services/operationService';
import { t } from '../../shared/strings';
import type { RunOf } from '../../shared/services/api.gen';
import type { Alert, Step } from '../../shared/types/run-types';
import type { Drift } from '../../shared/types/model-types';
import css from '../../shared/kit/kit.module.css';
import own from './operations.module.css';
import { StartNight } from './StartNight';

const words = t.operations.runs;

export function RunList() {
  const runs = useQuery(runList);
  return (
    <Panel title={words.title} tools={<StartNight />} wide>
      <Loaded query={runs} height={320}>
        {({ runs: found }) => found.length
          ? <ol className={own.runs}>{found.map((run) => <Run key={run.id} run={run} />)}</ol>
          : <EmptyState title={words.none}>{words.noneHelp}</EmptyState>}
      </Loaded>
    </Panel>
  );
}

function Run({ run }: { run: RunOf }) {
  const { kind, as_of, state, who, started_at, seconds, error } = run;
  const alerts = run.alerts as unknown as Alert[];
  return (
    <li className={own.run} data-state={state}>
      <div className={own.runHead}>
        <Text fw={600}>{words.run(words.kinds[kind] ?? kind, as_of)}</Text>
        <span className={own.state} data-state={state}>{words.states[state]}</span>
        <Text size="sm" c="var(--quiet)" className={own.when}>{words.by(who, asMoment(started_at))}{seconds !== null && `, ${words.took(seconds)}`}</Text>
      </div>
      {error && <Text size="sm" c="var(--bad)">{error}</Text>}
      {alerts.length > 0 && (
        <details className={own.details} open={alerts.length <= 3}>
          <summary><IconAlertTriangle size={15} aria-hidden="true" />{words.alerts(alerts.length)}</summary>
          <ul>{alerts.map((alert) => <li key={alert.words} data-level={alert.level}>{alert.words}</li>)}</ul>
        </details>
      )}
      <Details run={run} />
    </li>
  );
}

function Details({ run }: { run: RunOf }) {
  const steps = run.steps as unknown as Step[];
  const moved = (run.drift as unknown as Drift[]).filter(({ drifted }) => drifted);
  const longest = Math.max(...steps.map(({ seconds }) => seconds), Number.EPSILON);
  return (
    <details className={own.details}>
      <summary>{words.details}</summary>
      <div className={own.numbers}>
        <Numbers title={words.steps}>
          {steps.map(({ name, seconds }) => (
            <li key={name} className={own.step}>
              <span>{name}</span>
              <span>{words.seconds(seconds)}</span>
              <span className={css.bar} style={{ inlineSize: `${(100 * seconds) / longest}%` }} />
            </li>
          ))}
        </Numbers>
        <Numbers title={words.counts}>{Object.entries(run.counts).map(([name, n]) => <li key={name}>{words.count(name, n)}</li>)}</Numbers>
        {Object.keys(run.rejects).length > 0 && <Numbers title={words.rejects}>{Object.entries(run.rejects).map(([table, n]) => <li key={table}>{words.reject(table, n)}</li>)}</Numbers>}
        {moved.length > 0 && <Numbers title={words.drift}>{moved.map(({ field }) => <li key={field}>{field}</li>)}</Numbers>}
      </div>
    </details>
  );
}

function Numbers({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600}>{title}</Text>
      <ul>{children}</ul>
    </div>
  );
}
