/** Customers whom a segment always holds, or never, whatever its rule says of them. */
import { ActionIcon, Button, SegmentedControl, Text } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { nameOf } from '../../shared/customers';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel } from '../../shared/kit/Panel';
import { Refusal } from '../../shared/kit/Refusal';
import { mayEdit, useWho } from '../../shared/kit/session';
import { useService } from '../../shared/services/segmentationService';
import { usePinCustomer, usePins } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import { PersonSearch } from '../builder/PersonSearch';
import own from './analytics.module.css';

const FIRST_SHOWN = 20;
const words = t.analytics.pins;
type Fate = 'in' | 'out';

export function PinnedCustomers({ segment }: { segment: Segment }) {
  const pins = usePins(segment.id);
  const may = mayEdit(useWho());
  return (
    <Panel title={words.title} help={words.help} wide>
      <Loaded query={pins} height={72}>
        {({ included, excluded }) => (
          <>
            {!included.length && !excluded.length && <Text size="sm" c="var(--quiet)">{words.none}</Text>}
            <Pinned label={words.in} segment={segment.id} customers={included} may={may} />
            <Pinned label={words.out} segment={segment.id} customers={excluded} may={may} />
          </>
        )}
      </Loaded>
      {may && <NewPin segment={segment.id} />}
    </Panel>
  );
}

function NewPin({ segment }: { segment: string }) {
  const [fate, setFate] = useState<Fate>('in');
  const pin = usePinCustomer(segment);
  return (
    <div className={own.newPin}>
      <SegmentedControl size="xs" aria-label={words.fate} value={fate} onChange={(value) => setFate(value as Fate)}
        data={[{ value: 'in', label: words.in }, { value: 'out', label: words.out }]} />
      <div className={own.side}>
        <PersonSearch placeholder={words.find} onPick={({ customer_id }) => pin.mutate({ customer: customer_id, included: fate === 'in' })} />
      </div>
      {pin.isError && <Refusal error={pin.error} />}
    </div>
  );
}

interface PinnedProps {
  label: string;
  segment: string;
  customers: (string | number)[];
  may: boolean;
}

function Pinned({ label, segment, customers, may }: PinnedProps) {
  const [all, setAll] = useState(false);
  const pin = usePinCustomer(segment);
  if (!customers.length) return null;
  const shown = all ? customers : customers.slice(0, FIRST_SHOWN);
  return (
    <div className={own.pins}>
      <Text size="sm" fw={600}>{label}</Text>
      <ul aria-label={label}>
        {shown.map((customer) => (
          <li key={customer}>
            <Named customer={customer} />
            {may && (
              <ActionIcon variant="subtle" color="gray" size={24} aria-label={words.removeOf(String(customer))}
                onClick={() => pin.mutate({ customer, included: undefined })}><IconX size={14} /></ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {shown.length < customers.length && <Button size="compact-sm" variant="subtle" onClick={() => setAll(true)}>{words.more(customers.length - shown.length)}</Button>}
      {pin.isError && <Refusal error={pin.error} />}
    </div>
  );
}

/** A customer by name, once it is found; by id until then. */
function Named({ customer }: { customer: string | number }) {
  const { findCustomers } = useService();
  const id = String(customer);
  const found = useQuery({ queryKey: ['customers', id], queryFn: ({ signal }) => findCustomers(id, { signal }), staleTime: Infinity });
  const person = found.data?.customers.find(({ customer_id }) => String(customer_id) === id);
  return <span dir="auto">{person ? nameOf(person) : id}</span>;
}
