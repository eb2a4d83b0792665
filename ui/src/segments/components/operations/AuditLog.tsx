/** Who did what, the newest first. */
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { asCount, asMoment } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel, TableRoom } from '../../shared/kit/Panel';
import { auditLog } from '../../shared/services/operationService';
import { t } from '../../shared/strings';
import css from '../../shared/kit/kit.module.css';

const words = t.operations.audit;

export function AuditLog() {
  const audit = useInfiniteQuery(auditLog);
  return (
    <Panel title={words.title} help={words.help} wide>
      <Loaded query={audit} height={240}>
        {({ pages }) => (
          <TableRoom label={words.title}>
            <table className={css.table}>
              <thead>
                <tr>
                  {[words.at, words.who, words.action, words.what].map((label) => <th key={label} scope="col">{label}</th>)}
                  <th scope="col" data-kind="number">{words.rows}</th>
                </tr>
              </thead>
              <tbody>
                {pages.flatMap(({ entries }) => entries).map(({ id, at, who, role, action, what, rows }) => (
                  <tr key={id}>
                    <td>{asMoment(at)}</td>
                    <td dir="auto">{who} <span className={css.small}>{role}</span></td>
                    <td>{action}</td>
                    <td>{what}</td>
                    <td data-kind="number">{rows === null ? '' : asCount(rows)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </TableRoom>
        )}
      </Loaded>
      {audit.hasNextPage && <Button variant="default" size="xs" mt="md" loading={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>{words.older}</Button>}
    </Panel>
  );
}
