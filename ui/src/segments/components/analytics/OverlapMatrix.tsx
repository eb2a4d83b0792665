/** Which part of each segment's members is also in each other segment. */
import { Link } from 'wouter';
import { asCount, asShare } from '../../shared/format';
import { TableRoom } from '../../shared/kit/Panel';
import { t } from '../../shared/strings';
import type { Overlap } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';

const words = t.analytics.overlap;

export function OverlapMatrix({ overlap: { segments, shared } }: { overlap: Overlap }) {
  return (
    <TableRoom label={words.matrix}>
      <table className={own.matrix}>
        <thead>
          <tr>
            <th scope="col">{words.segment}</th>
            <th scope="col" className={own.total}>{words.size}</th>
            {segments.map(({ id, name }) => <th key={id} scope="col" className={own.column}><span dir="auto" title={name}>{name}</span></th>)}
          </tr>
        </thead>
        <tbody>
          {segments.map((row, y) => (
            <tr key={row.id}>
              <th scope="row"><Link href={`/${encodeURIComponent(row.id)}/insights`} className={css.link} dir="auto">{row.name}</Link></th>
              <td className={own.total}>{asCount(row.count)}</td>
              {segments.map((column, x) => {
                const n = shared[y]![x]!;
                const share = row.count ? n / row.count : 0;
                if (x === y) return <td key={column.id} className={own.itself}><span className={own.hidden}>{words.itself}</span></td>;
                return (
                  <td key={column.id} data-shared={n} style={{ '--part': share } as React.CSSProperties} title={words.cell(share, row.name, column.name, n)}>
                    {asShare(Math.round(100 * share) / 100)}
                    <span className={own.hidden}>{asCount(n)}</span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </TableRoom>
  );
}
