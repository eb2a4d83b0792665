/** Every model, with what it foretells and how far that is proven. */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { Loaded } from '../../shared/kit/Loaded';
import { EmptyState } from '../../shared/kit/States';
import { modelList } from '../../shared/services/modelService';
import { useCriteria } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { ModelRow } from '../../shared/services/api.gen';
import type { Certificates } from '../../shared/types/model-types';
import { sentenceCase } from '../builder/criteria';
import { CertificateBadge } from './CertificateWords';
import own from './models.module.css';

export function ModelList() {
  const models = useQuery(modelList);
  return (
    <Loaded query={models}>
      {({ models: found }) => found.length
        ? <div className={own.cards}>{found.map((model) => <Model key={model.model} model={model} />)}</div>
        : <EmptyState title={t.models.none}>{t.models.noneHelp}</EmptyState>}
    </Loaded>
  );
}

function Model({ model: { model, field, horizon_days, champion, since, certificate } }: { model: ModelRow }) {
  const { criteria } = useCriteria();
  const promise = (certificate as Certificates | null)?.all;
  return (
    <article className={own.card} aria-labelledby={`model-${model}`}>
      <h2 id={`model-${model}`} className={own.name}>
        <Link href={`/models/${encodeURIComponent(model)}`} className={own.cover}>{sentenceCase(criteria?.fields.get(field)?.label ?? field)}</Link>
      </h2>
      <Text size="sm" c="var(--quiet)">{t.models.horizon(horizon_days)}</Text>
      <div className={own.foot}>
        {promise && <CertificateBadge certificate={promise} />}
        <Text size="sm" c="var(--quiet)">{champion !== null && since !== null ? t.models.champion(champion, since) : t.models.untrained}</Text>
      </div>
    </article>
  );
}
