/** Texts, with those that the data has offered while one types. */
import { Autocomplete, TagsInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { asCount } from '../../../shared/format';
import { useService } from '../../../shared/services/segmentationService';
import { t } from '../../../shared/strings';
import type { Field } from '../../../shared/types/segment-types';
import css from '../values.module.css';

interface SuggestedProps<V> {
  label: string;
  field: Field;
  /** The event whose sub-field it is, if it is one. */
  event: string;
  value: V;
  onChange: (value: V) => void;
  disabled?: boolean | undefined;
}

/** Return the values that begin to fit `typed`, once somebody has come to the field. */
function useSuggestions(field: Field, event: string, typed: string) {
  const { getValues } = useService();
  const [asked, setAsked] = useState(false);
  const [q] = useDebouncedValue(typed, 150);
  const { data } = useQuery({
    queryKey: ['values', event, field.name, q],
    queryFn: ({ signal }) => getValues(field.name, event || undefined, q, { signal }),
    enabled: asked && field.suggests && !field.choices.length,
    placeholderData: (before) => before,
    staleTime: 300_000,
  });
  const counts = new Map(data?.values.map(({ value, count }) => [value, count]));
  return { values: field.choices.length ? field.choices : [...counts.keys()], counts, onFocus: () => setAsked(true) };
}

const option = (counts: Map<string, number>) => ({ option }: { option: { value: string } }) => {
  const count = counts.get(option.value);
  return (
    <span className={css.suggestion}>
      <span dir="auto">{option.value}</span>
      {count !== undefined && <span className={css.unit}>{asCount(count)}</span>}
    </span>
  );
};

export function SuggestedText({ label, field, event, value, onChange, disabled }: SuggestedProps<string>) {
  const { values, counts, onFocus } = useSuggestions(field, event, value);
  return (
    <Autocomplete size="xs" className={css.text} aria-label={label} value={value} data={values} disabled={disabled} onFocus={onFocus} openOnFocus={false}
      filter={({ options }) => options} renderOption={option(counts)} onChange={onChange} />
  );
}

export function SuggestedTexts({ label, field, event, value, onChange, disabled }: SuggestedProps<(string | number)[]>) {
  const [typed, setTyped] = useState('');
  const { values, counts, onFocus } = useSuggestions(field, event, typed);
  const parsed = (texts: string[]) => (field.kind === 'number' ? texts.map(Number).filter(Number.isFinite) : texts);
  return (
    <TagsInput size="xs" className={css.texts} aria-label={label} placeholder={value.length ? '' : t.value.pickMany} value={value.map(String)}
      data={values} disabled={disabled} onFocus={onFocus} openOnFocus={false} searchValue={typed} onSearchChange={setTyped} renderOption={option(counts)}
      acceptValueOnBlur onChange={(texts) => onChange(parsed(texts))} />
  );
}
