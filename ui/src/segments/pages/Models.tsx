/** The views of all models, and of one. */
import { ModelList } from '../components/models/ModelList';
import { ModelReport } from '../components/models/ModelReport';
import { Page } from '../shared/kit/Page';
import { t } from '../shared/strings';
import type { ViewProps } from '../views';

export default function ModelsPage({ params: { part: model } }: ViewProps) {
  if (model !== undefined) return <ModelReport key={model} name={model} />;
  return <Page title={t.models.heading} lead={t.models.lead}><ModelList /></Page>;
}
