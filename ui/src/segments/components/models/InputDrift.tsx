/** Whether what a model looks at is still distributed as it was, by the last night that measured it. */
import { useQuery } from '@tanstack/react-query';
import { asNumber } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { runList } from '../../shared/services/operationService';
import { useCriteria } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Drift } from '../../shared/types/model-types';
import { sentenceCase } from '../builder/criteria';
import css from '../../shared/kit/kit.module.css';

const MOST = 8;
const words = t.models.drift;

export function InputDrift({ inputs }: { inputs: string[] }) {
  const runs = useQuery(runList);
  const measured = runs.data?.runs.find(({ drift }) => drift.length > 0);
  return (
    <Panel title={words.title} help={measured && words.help(measured.as_of)}>
      <Loaded query={runs} height={160}>
        {() => measured
          ? <Moved drift={(measured.drift as unknown as Drift[]).filter(({ field }) => inputs.includes(field))} />
          : <p className={css.quiet}>{words.none}</p>}
      </Loaded>
    </Panel>
  );
}

function Moved({ drift }: { drift: Drift[] }) {
  const { criteria } = useCriteria();
  const farthest = drift.toSorted((a, b) => b.psi / b.threshold - a.psi / a.threshold).slice(0, MOST);
  return (
    <>
      {!drift.some(({ drifted }) => drifted) && <p>{words.still(drift.length)}</p>}
      <TableRoom label={words.title}>
        <table className={css.table}>
          <thead>
            <tr>
              <th scope="col">{words.field}</th>
              <th scope="col" data-kind="number">{words.psi}</th>
              <th scope="col" data-kind="number">{words.threshold}</th>
              <th scope="col">{words.drifted}</th>
            </tr>
          </thead>
          <tbody>
            {farthest.map(({ field, psi, threshold, drifted }) => (
              <tr key={field}>
                <th scope="row">{sentenceCase(criteria?.fields.get(field)?.label ?? field)}</th>
                <td data-kind="number">{asNumber(psi)}</td>
                <td data-kind="number" className={css.quiet}>{asNumber(threshold)}</td>
                <td>{drifted ? words.drifted : words.steady}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableRoom>
    </>
  );
}
