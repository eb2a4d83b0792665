/** How the chosen segments overlap: two by two, and who is in exactly which. The choice is in the address. */
import { MultiSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'wouter';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel } from '../../shared/kit/Panel';
import { EmptyState } from '../../shared/kit/States';
import { overlapOf } from '../../shared/services/analyticsService';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';
import { Combinations } from './Combinations';
import { OverlapMatrix } from './OverlapMatrix';

const MOST = 40; // as many as the service compares
const FIRST = 6; // shown before anybody has chosen
const words = t.analytics.overlap;

export function OverlapAnalysis({ segments }: { segments: Segment[] }) {
  const [search, setSearch] = useSearchParams();
  const counted = segments.filter(({ unavailable }) => !unavailable);
  const asked = search.get('segments');
  const chosen = asked === null ? counted.slice(0, FIRST).map(({ id }) => id) : asked.split(',').filter(Boolean);
  const choose = (ids: string[]) => setSearch({ segments: ids.join(',') }, { replace: true });
  return (
    <>
      <MultiSelect mb="lg" label={words.choose} placeholder={words.chooseHelp} searchable hidePickedOptions value={chosen} onChange={choose} maxValues={MOST}
        data={counted.map(({ id, name }) => ({ value: id, label: name }))} comboboxProps={{ shadow: 'md' }} />
      {chosen.length < 2 ? <EmptyState title={words.few}>{words.fewHelp}</EmptyState> : <Compared segments={chosen} />}
    </>
  );
}

function Compared({ segments }: { segments: string[] }) {
  const overlap = useQuery(overlapOf(segments));
  return (
    <Loaded query={overlap} height={480}>
      {(found) => (
        <div className={own.stack}>
          <Panel title={words.matrix} help={words.lead} wide><OverlapMatrix overlap={found} /></Panel>
          <Panel title={words.combinations} help={words.combinationsHelp} wide>
            {found.combinations.length ? <Combinations overlap={found} /> : <p className={css.quiet}>{words.none}</p>}
          </Panel>
        </div>
      )}
    </Loaded>
  );
}
