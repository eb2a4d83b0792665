/** Who is in a segment on a day, page by page; each row tells why. */
import { ActionIcon, Menu, MultiSelect, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconArrowDown, IconArrowUp, IconChevronLeft, IconChevronRight, IconDots, IconHelpCircle, IconPin, IconSearch, IconUserOff, IconUserQuestion } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { asCell, nameOf } from '../../shared/customers';
import { Loaded } from '../../shared/kit/Loaded';
import { TableRoom } from '../../shared/kit/Panel';
import { mayEdit, useWho } from '../../shared/kit/session';
import { EmptyState, wordsFor } from '../../shared/kit/States';
import { MEMBERS_PAGE, membersOf } from '../../shared/services/analyticsService';
import { useCriteria, usePinCustomer, usePins } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Customer, Field, Segment } from '../../shared/types/segment-types';
import { Explanation } from '../builder/Explanation';
import { sentenceCase, type Criteria } from '../builder/criteria';
import css from '../../shared/kit/kit.module.css';
import own from './analytics.module.css';
import { firstColumns } from './fields';
import { PinnedCustomers } from './PinnedCustomers';

const MOST_COLUMNS = 10;
const words = t.analytics.members;

interface MembersTableProps {
  segment: Segment;
  as_of: string | undefined;
}

export function MembersTable(props: MembersTableProps) {
  const catalog = useCriteria();
  return <Loaded query={catalog} height={420}>{() => <Table {...props} criteria={catalog.criteria!} />}</Loaded>;
}

function Table({ segment, as_of, criteria }: MembersTableProps & { criteria: Criteria }) {
  const [fields, setFields] = useState(() => firstColumns(segment.rule, criteria.fields));
  const [sort, setSort] = useState('');
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), 200);
  const [asking, setAsking] = useState<Customer | null>(null);
  // Where each page begins; another question begins at the first again.
  const question = JSON.stringify([as_of, fields, sort, q]);
  const [pages, setPages] = useState<{ question: string; cursors: string[] }>({ question, cursors: [] });
  const cursors = pages.question === question ? pages.cursors : [];
  const members = useQuery(membersOf(segment.id, { as_of, fields, sort, q, cursor: cursors.at(-1) }));
  const turn = (to: string[]) => setPages({ question, cursors: to });
  const columns = fields.map((name) => criteria.fields.get(name)!);
  const who = useWho();
  // Only a segment of one's own has exceptions, and only as it is now.
  const pinnable = segment.editable && as_of === undefined;

  return (
    <>
      <div className={own.tools}>
        <TextInput className={own.search} type="search" label={words.search} leftSection={<IconSearch size={16} />} value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)} />
        <MultiSelect className={own.columns} label={words.columns} placeholder={words.columnsHelp} searchable hidePickedOptions value={fields} onChange={setFields}
          maxValues={MOST_COLUMNS} data={choicesOf(criteria)} nothingFoundMessage={t.palette.none} comboboxProps={{ shadow: 'md' }} />
      </div>
      <Loaded query={members} height={420}>
        {(page) => page.members.length ? (
          <div className={css.panel}>
            <TableRoom label={words.title}>
              <table className={`${css.table} ${own.members}`} aria-busy={members.isPlaceholderData}>
                <thead>
                  <tr>
                    <Head name="first_name" label={words.customer} sort={sort} onSort={setSort} />
                    {columns.map(({ name, label, kind }) => <Head key={name} name={name} label={sentenceCase(label)} kind={kind} sort={sort} onSort={setSort} />)}
                    {pinnable && mayEdit(who) && <td className={own.rowMenu} />}
                  </tr>
                </thead>
                <tbody>
                  {(page.members as Customer[]).map((customer) => <Row key={customer.customer_id} customer={customer} columns={columns} onAsk={setAsking} pinned={pinnable && mayEdit(who) ? segment.id : undefined} />)}
                </tbody>
              </table>
            </TableRoom>
            <Pages from={MEMBERS_PAGE * cursors.length + 1} shown={page.members.length} all={page.count}
              onPrevious={cursors.length ? () => turn(cursors.slice(0, -1)) : undefined}
              onNext={page.next && !members.isPlaceholderData ? () => turn([...cursors, page.next!]) : undefined} />
          </div>
        ) : <EmptyState title={words.none}>{words.noneHelp}</EmptyState>}
      </Loaded>
      {pinnable && <div className={own.below}><PinnedCustomers segment={segment} /></div>}
      {asking && <Explanation customer={asking} rule={segment.rule} criteria={criteria} as_of={as_of} onClose={() => setAsking(null)} />}
    </>
  );
}

const choicesOf = ({ groups, fields }: Criteria) =>
  groups
    .map(({ label, criteria }) => ({
      group: label,
      items: criteria.filter(({ name, unavailable }) => fields.has(name) && !unavailable && name !== 'customer_id').map(({ name, label: each }) => ({ value: name, label: each })),
    }))
    .filter(({ items }) => items.length);

interface HeadProps {
  name: string;
  label: string;
  kind?: string;
  sort: string;
  onSort: (sort: string) => void;
}

/** A column's head: once it is pressed the largest come first, then the smallest, then the order is the table's own. */
function Head({ name, label, kind, sort, onSort }: HeadProps) {
  const direction = sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : undefined;
  const next = direction === undefined ? `-${name}` : direction === 'descending' ? name : '';
  const Arrow = direction === 'ascending' ? IconArrowUp : IconArrowDown;
  return (
    <th scope="col" data-kind={kind} aria-sort={direction}>
      <button type="button" className={own.sort} title={words.sortBy(label)} onClick={() => onSort(next)}>
        {label}{direction && <Arrow size={13} aria-hidden="true" />}
      </button>
    </th>
  );
}

interface RowProps {
  customer: Customer;
  columns: Field[];
  onAsk: (customer: Customer) => void;
  /** The segment in which the customer can be pinned, where one may. */
  pinned: string | undefined;
}

function Row({ customer, columns, onAsk, pinned }: RowProps) {
  const { currency } = useWho();
  return (
    <tr>
      <th scope="row">
        <button type="button" className={own.person} aria-label={words.why(nameOf(customer))} onClick={() => onAsk(customer)}>
          <span dir="auto">{nameOf(customer)}</span>
          <span className={css.small}>{customer.customer_id}</span>
        </button>
      </th>
      {columns.map((field) => <td key={field.name} data-kind={field.kind}>{asCell(customer[field.name], field, currency)}</td>)}
      {pinned !== undefined && <td className={own.rowMenu}><RowMenu segment={pinned} customer={customer} onAsk={onAsk} /></td>}
    </tr>
  );
}

function RowMenu({ segment, customer, onAsk }: { segment: string; customer: Customer; onAsk: (customer: Customer) => void }) {
  const pins = usePins(segment);
  const pin = usePinCustomer(segment);
  const name = nameOf(customer);
  const { pins: said } = t.analytics;
  const isIn = (pins.data?.included ?? []).some((id) => String(id) === String(customer.customer_id));
  const change = (included: boolean | undefined) =>
    pin.mutate({ customer: customer.customer_id, included }, {
      onSuccess: () => notifications.show({ message: said.done(name) }),
      onError: (error) => notifications.show({ color: 'red', title: wordsFor(error).title, message: wordsFor(error).text }),
    });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={28} aria-label={said.menu(name)}><IconDots size={16} /></ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconHelpCircle size={15} />} onClick={() => onAsk(customer)}>{said.why}</Menu.Item>
        {isIn
          ? <Menu.Item leftSection={<IconUserQuestion size={15} />} onClick={() => change(undefined)}>{said.decide}</Menu.Item>
          : <Menu.Item leftSection={<IconPin size={15} />} onClick={() => change(true)}>{said.keepIn}</Menu.Item>}
        <Menu.Item leftSection={<IconUserOff size={15} />} onClick={() => change(false)}>{said.leaveOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

interface PagesProps {
  from: number;
  shown: number;
  all: number;
  onPrevious: (() => void) | undefined;
  onNext: (() => void) | undefined;
}

function Pages({ from, shown, all, onPrevious, onNext }: PagesProps) {
  return (
    <div className={own.pages}>
      <Text size="sm" c="var(--quiet)" role="status" data-testid="members-range">{words.range(from, from + shown - 1, all)}</Text>
      <ActionIcon variant="default" size={32} aria-label={words.previous} disabled={!onPrevious} onClick={onPrevious}><IconChevronLeft size={17} /></ActionIcon>
      <ActionIcon variant="default" size={32} aria-label={words.next} disabled={!onNext} onClick={onNext}><IconChevronRight size={17} /></ActionIcon>
    </div>
  );
}
