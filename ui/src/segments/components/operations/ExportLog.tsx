/** Which files of customers were made; those still at hand can be fetched. */
import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { asCount, asMoment } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { exportList } from '../../shared/services/actionService';
import { t } from '../../shared/strings';
import type { ExportOf } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';

const words = t.operations.exports;

export function ExportLog() {
  const exports = useQuery(exportList);
  return (
    <Panel title={words.title} help={words.help} wide>
      <Loaded query={exports} height={160}>{({ exports: found }) => (found.length ? <Table exports={found} /> : <p className={css.quiet}>{words.none}</p>)}</Loaded>
    </Panel>
  );
}

function Table({ exports }: { exports: ExportOf[] }) {
  return (
    <TableRoom label={words.title}>
      <table className={css.table}>
        <thead>
          <tr>
            {[words.what, words.who, words.when, words.channel].map((label) => <th key={label} scope="col">{label}</th>)}
            <th scope="col" data-kind="number">{words.rows}</th>
            <th scope="col">{words.files}</th>
          </tr>
        </thead>
        <tbody>
          {exports.map(({ id, what, who, at, channel, rows, files }) => (
            <tr key={id}>
              <th scope="row">{what}</th>
              <td>{who}</td>
              <td>{asMoment(at)}</td>
              <td>{channel === 'email' || channel === 'sms' ? t.actions.campaign.channels[channel] : '–'}</td>
              <td data-kind="number">{asCount(rows)}</td>
              <td>{files.map(({ name, url }) => (url ? <Anchor key={name} href={url} download={name} size="sm" display="block">{name}</Anchor> : <div key={name} className={css.quiet}>{name}</div>))}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableRoom>
  );
}
