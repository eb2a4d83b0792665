/** Find anybody by name, address or id. */
import { Combobox, TextInput, useCombobox } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconUserSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { nameOf } from '../../shared/customers';
import { useService } from '../../shared/services/segmentationService';
import { t } from '../../shared/strings';
import type { Customer } from '../../shared/types/segment-types';
import css from './preview.module.css';

interface PersonSearchProps {
  placeholder: string;
  onPick: (customer: Customer) => void;
}

export function PersonSearch({ placeholder, onPick }: PersonSearchProps) {
  const { findCustomers } = useService();
  const [typed, setTyped] = useState('');
  const [q] = useDebouncedValue(typed.trim(), 200);
  const box = useCombobox();
  const { data } = useQuery({
    queryKey: ['customers', q],
    queryFn: ({ signal }) => findCustomers(q, { signal }),
    enabled: q !== '',
    placeholderData: keepPreviousData,
  });
  const people = q ? (data?.customers ?? []) : [];
  return (
    <Combobox store={box} onOptionSubmit={(id) => {
      const person = people.find(({ customer_id }) => String(customer_id) === id);
      if (person) onPick(person);
      setTyped('');
      box.closeDropdown();
    }}>
      <Combobox.Target>
        <TextInput size="xs" leftSection={<IconUserSearch size={15} />} placeholder={placeholder} aria-label={t.preview.find} value={typed}
          onChange={({ currentTarget }) => {
            setTyped(currentTarget.value);
            box.openDropdown();
          }}
          onBlur={() => box.closeDropdown()} />
      </Combobox.Target>
      <Combobox.Dropdown hidden={q === ''}>
        <Combobox.Options>
          {people.map((person) => (
            <Combobox.Option key={person.customer_id} value={String(person.customer_id)}>
              <span dir="auto">{nameOf(person)}</span> <span className={css.small}>{person.email ?? person.customer_id}</span>
            </Combobox.Option>
          ))}
          {!people.length && <Combobox.Empty>{t.preview.nobodyFound}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
