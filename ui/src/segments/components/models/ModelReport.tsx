/** One model: what is promised, how good it was and is, what it looks at, what it was before. */
import { Anchor, Badge, Button, NativeSelect, Skeleton } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState, type ReactNode } from 'react';
import { asDay, asShare } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Page } from '../../shared/kit/Page';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { useWho } from '../../shared/kit/session';
import { EmptyState } from '../../shared/kit/States';
import { modelNamed } from '../../shared/services/modelService';
import { useCriteria } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Card, ChampionOf, ModelOf } from '../../shared/services/api.gen';
import type { Certificates, Matured as Window, Withdrawal } from '../../shared/types/model-types';
import { sentenceCase } from '../builder/criteria';
import css from '../../shared/kit/kit.module.css';
import own from './models.module.css';
import { CalibrationPlot } from './CalibrationPlot';
import { CertificateBadge, CertificateWords } from './CertificateWords';
import { InputDrift } from './InputDrift';
import { Matured } from './Matured';
import { ScoreTable } from './ScoreTable';

const CardText = lazy(() => import('./CardText'));

export function ModelReport({ name }: { name: string }) {
  const model = useQuery(modelNamed(name));
  return <Loaded query={model} height={480}>{(found) => <Report model={found} />}</Loaded>;
}

function Report({ model }: { model: ModelOf }) {
  const { mlflow } = useWho();
  const { criteria } = useCriteria();
  const label = criteria?.fields.get(model.field)?.label ?? model.title;
  const champion = model.champions[0];
  const link = mlflow && (
    <Anchor href={mlflow} target="_blank" rel="noreferrer" size="sm">{t.models.mlflow} <IconExternalLink size={14} aria-hidden="true" /></Anchor>
  );
  return (
    <Page title={sentenceCase(label)} lead={`${t.models.horizon(model.horizon_days)}. ${t.models.field(label)}.`} actions={link}>
      <div className={own.report}>
        {champion ? <Champion champion={champion} champions={model.champions} /> : <EmptyState title={t.models.untrained}>{t.models.untrainedHelp(model.model)}</EmptyState>}
      </div>
    </Page>
  );
}

function Champion({ champion, champions }: { champion: ChampionOf; champions: ChampionOf[] }) {
  const { card, threshold, inputs } = champion;
  return (
    <div className={css.grid}>
      <Panel title={t.models.certificate.title} help={`${t.models.champion(champion.version, champion.since)}. ${t.models.threshold(threshold)}.`} wide>
        <CertificateWords certificates={champion.certificate as Certificates} withdrawn={champion.withdrawn as Withdrawal | null} />
      </Panel>
      {card ? <Judgement card={card} aside={<Since champion={champion} />} /> : <Panel title={t.models.scores.title} wide><p className={css.quiet}>{t.models.scores.missing}</p></Panel>}
      {!card && <Since champion={champion} />}
      <Panel title={t.models.versions.title} wide><Versions champions={champions} /></Panel>
      <Panel title={t.models.inputs.title} help={t.models.inputs.count(inputs.length)} wide><Inputs names={inputs} /></Panel>
      {card && (
        <Panel title={t.models.card.title} help={t.models.card.help(card.customers)} wide>
          <Folded><CardText text={card.text} /></Folded>
        </Panel>
      )}
    </div>
  );
}

/** What is known of it since it was taught. */
function Since({ champion: { matured, inputs } }: { champion: ChampionOf }) {
  return (
    <div className={own.since}>
      <Panel title={t.models.matured.title} help={t.models.matured.help}><Matured windows={matured as unknown as Window[]} /></Panel>
      <InputDrift inputs={inputs} />
    </div>
  );
}

/** What is long and seldom wanted is read when it is asked for. */
function Folded({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" size="xs" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? t.models.card.hide : t.models.card.show}</Button>
      {open && <Suspense fallback={<Skeleton height={240} mt="md" />}>{children}</Suspense>}
    </>
  );
}

function Judgement({ card, aside }: { card: Card; aside: ReactNode }) {
  const populations = Object.keys(card.slices);
  const [population, setPopulation] = useState(populations[0] ?? '');
  const words = t.models.scores;
  const slice = card.slices[population];
  if (!slice) return null;
  const choice = (
    <NativeSelect size="xs" aria-label={words.population} value={population} onChange={({ currentTarget }) => setPopulation(currentTarget.value)}
      data={populations.map((value) => ({ value, label: words.who[value] ?? value }))} />
  );
  const points = card.calibration[population] ?? [];
  return (
    <>
      <Panel title={words.title} help={words.help(slice.n ?? 0, slice.positives ?? 0)} tools={choice} wide><ScoreTable card={card} population={population} /></Panel>
      <Panel title={t.models.calibration.title} help={t.models.calibration.help}><CalibrationPlot points={points} /></Panel>
      {aside}
    </>
  );
}

function Versions({ champions }: { champions: ChampionOf[] }) {
  const words = t.models.versions;
  return (
    <TableRoom label={words.title}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">{words.version}</th>
            <th scope="col">{words.since}</th>
            <th scope="col">{words.taught}</th>
            <th scope="col" data-kind="number">{words.threshold}</th>
            <th scope="col">{words.certificate}</th>
          </tr>
        </thead>
        <tbody>
          {champions.map(({ version, since, taught_as_of, threshold, certificate, withdrawn }, at) => {
            const promise = (certificate as Certificates).all;
            return (
              <tr key={version}>
                <th scope="row">{version} {at === 0 && <Badge size="sm" variant="light" tt="none">{words.now}</Badge>}</th>
                <td>{asDay(since)}</td>
                <td>{asDay(taught_as_of)}</td>
                <td data-kind="number">{asShare(threshold)}</td>
                <td>{promise && <CertificateBadge certificate={promise} withdrawn={withdrawn !== null} />}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </TableRoom>
  );
}

function Inputs({ names }: { names: string[] }) {
  const { criteria } = useCriteria();
  return (
    <ul className={own.inputs}>
      {names.map((name) => <li key={name} title={criteria?.fields.get(name)?.description}>{sentenceCase(criteria?.fields.get(name)?.label ?? name)}</li>)}
    </ul>
  );
}
