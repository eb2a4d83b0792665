/** Who is most like a segment's members, how far that can be trusted, and how long the list shall be. */
import { Button, Skeleton, Slider, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { nameOf } from '../../shared/customers';
import { asCount, asFigure } from '../../shared/format';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { mayEdit, useWho } from '../../shared/kit/session';
import { EmptyState, ErrorState } from '../../shared/kit/States';
import { lookalikeOf } from '../../shared/services/actionService';
import { ApiError } from '../../shared/services/http';
import { t } from '../../shared/strings';
import type { LookalikeOf } from '../../shared/services/api.gen';
import type { Customer, Segment } from '../../shared/types/segment-types';
import { sentenceCase } from '../builder/criteria';
import css from '../../shared/kit/kit.module.css';
import own from './actions.module.css';
import { LiftBars } from './LiftBars';
import { SaveLookalike } from './SaveLookalike';

const LiftChart = lazy(() => import('./LiftChart'));

const FIRST_SIZE = 3; // percent of the candidates
const [SMALLEST, LARGEST] = [1, 10];
const MARKS = [SMALLEST, 5, LARGEST].map((value) => ({ value, label: t.actions.lookalike.percent(value) }));
const words = t.actions.lookalike;

export function LookalikeBuilder({ segment }: { segment: Segment }) {
  const [size, setSize] = useState(FIRST_SIZE);
  const [settled, setSettled] = useState(FIRST_SIZE);
  const found = useQuery(lookalikeOf(segment.id, settled));
  if (found.isPending) return <Finding />;
  if (found.isError) return <Impossible error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <>
      {found.data.warnings.map((warning) => <p key={warning} className={css.note}><IconAlertTriangle size={17} aria-hidden="true" />{warning}</p>)}
      <Head found={found.data} size={size} segment={segment} slider={
        <Slider value={size} onChange={setSize} onChangeEnd={setSettled} min={SMALLEST} max={LARGEST} step={1} marks={MARKS} label={words.percent} mb="lg"
          thumbLabel={words.size} thumbProps={{ 'aria-valuetext': words.sizeOf(size) } as object} />
      } />
      <Evidence found={found.data} size={size} />
    </>
  );
}

function Finding() {
  return (
    <div aria-busy="true">
      <Text role="status" c="var(--quiet)" mb="sm">{words.finding}</Text>
      <Skeleton height={420} radius="lg" />
    </div>
  );
}

/** Too few seeds are no failure: the service says what would do. */
function Impossible({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (!(error instanceof ApiError) || ![400, 409, 422].includes(error.status)) return <ErrorState error={error} onRetry={onRetry} />;
  return <EmptyState title={t.actions.refused}>{[error.message, ...error.problems.map(({ message, hint }) => `${message} ${hint}`)].join(' ')}</EmptyState>;
}

interface HeadProps {
  found: LookalikeOf;
  size: number;
  segment: Segment;
  slider: React.ReactNode;
}

function Head({ found, size, segment, slider }: HeadProps) {
  const who = useWho();
  const [saving, setSaving] = useState(false);
  const count = found.curve.find((one) => one.size === size)?.count ?? found.count;
  return (
    <>
      <dl className={css.figures}>
        <Figure label={words.seeds} value={found.seeds} help={words.seedsHelp} />
        <Figure label={words.candidates} value={found.candidates} help={words.candidatesHelp} />
        <Figure label={words.list} value={count} help={words.sizeOf(size)} testId="lookalike-count" />
      </dl>
      <Panel title={words.size} help={words.sizeOf(size)} tools={mayEdit(who) && <Button onClick={() => setSaving(true)}>{words.save}</Button>}>{slider}</Panel>
      {saving && <SaveLookalike segment={segment} size={size} onClose={() => setSaving(false)} />}
    </>
  );
}

function Figure({ label, value, help, testId }: { label: string; value: number; help: string; testId?: string }) {
  return (
    <div className={css.figure}>
      <dt>{label}</dt>
      <dd data-testid={testId}>{asCount(value)}</dd>
      <dd>{help}</dd>
    </div>
  );
}

function Evidence({ found, size }: { found: LookalikeOf; size: number }) {
  const lift = found.curve.find((one) => one.size === size);
  return (
    <div className={css.grid}>
      <Panel title={words.expect} help={words.expectHelp}>{lift && <LiftBars lift={lift} />}</Panel>
      <Panel title={words.curve}>
        <Suspense fallback={<Skeleton height={260} radius="md" />}><LiftChart curve={found.curve} size={size} /></Suspense>
      </Panel>
      <Panel title={words.differences}>
        <ol className={own.differences}>{found.differences.map((difference) => <li key={difference} dir="auto">{sentenceCase(difference)}</li>)}</ol>
      </Panel>
      <Panel title={words.sample} help={words.sampleHelp(found.sample.length, found.count)}><Alike customers={found.sample as unknown as (Customer & { similarity: number })[]} /></Panel>
    </div>
  );
}

function Alike({ customers }: { customers: (Customer & { similarity: number })[] }) {
  return (
    <div className={own.tall}>
      <TableRoom label={words.sample}>
        <table className={css.table}>
          <thead><tr><th scope="col">{words.customer}</th><th scope="col" data-kind="number" title={words.likenessHelp}>{words.likeness}</th></tr></thead>
          <tbody>
            {customers.map((customer) => (
              <tr key={customer.customer_id}>
                <th scope="row" dir="auto">{nameOf(customer)} <span className={css.small}>{customer.customer_id}</span></th>
                <td data-kind="number">{asFigure(customer.similarity)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableRoom>
    </div>
  );
}
