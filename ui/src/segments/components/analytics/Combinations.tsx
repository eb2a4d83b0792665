/** Who is in exactly which segments, the largest combinations first (as UpSet plots have it). */
import { Text } from '@mantine/core';
import { asCount, asList } from '../../shared/format';
import { TableRoom } from '../../shared/kit/Panel';
import { t } from '../../shared/strings';
import type { Overlap } from '../../shared/services/api.gen';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';

const MOST = 15;
const words = t.analytics.overlap;

export function Combinations({ overlap: { segments, combinations } }: { overlap: Overlap }) {
  const shown = combinations.slice(0, MOST);
  const largest = shown[0]!.count;
  const names = new Map(segments.map(({ id, name }) => [id, name]));
  return (
    <>
      <TableRoom label={words.combinations}>
        <table className={own.upset}>
          <thead>
            <tr>
              {segments.map(({ id, name }) => <th key={id} scope="col" className={own.column}><span dir="auto" title={name}>{name}</span></th>)}
              <th scope="col" className={own.sizes}>{words.size}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ segments: inside, count }) => {
              const [first, last] = [segments.findIndex(({ id }) => inside.includes(id)), segments.findLastIndex(({ id }) => inside.includes(id))];
              return (
                <tr key={inside.join()} data-combination={inside.join()} title={asList(inside.map((id) => names.get(id) ?? id))}>
                  {segments.map(({ id }, at) => (
                    <td key={id} className={own.dot} data-in={inside.includes(id) || undefined} data-joined={(at >= first && at < last) || undefined}>
                      {inside.includes(id) && <span className={own.hidden}>{words.inside}</span>}
                    </td>
                  ))}
                  <td className={own.sizes}>
                    <span className={own.sized}><span className={css.bar} style={{ inlineSize: `${(100 * count) / largest}%` }} /><span>{asCount(count)}</span></span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </TableRoom>
      {combinations.length > MOST && <Text size="sm" c="var(--quiet)" mt="sm">{words.most(MOST)}</Text>}
    </>
  );
}
