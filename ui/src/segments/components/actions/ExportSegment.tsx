/** A segment's members as CSV files: which columns, only whom one may write to, and what to do with very many. */
import { Alert, Anchor, Button, MultiSelect, Radio, SegmentedControl, Select, Stack, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel } from '../../shared/kit/Panel';
import { Refusal } from '../../shared/kit/Refusal';
import { useWho } from '../../shared/kit/session';
import { makeExport } from '../../shared/services/actionService';
import { previewOf } from '../../shared/services/analyticsService';
import { useCriteria } from '../../shared/services/queries';
import { t } from '../../shared/strings';
import type { MadeExport } from '../../shared/services/api.gen';
import type { Preview, Segment } from '../../shared/types/segment-types';
import { sentenceCase, type Criteria } from '../builder/criteria';
import own from './actions.module.css';
import { askedExport, rowsOf, type Draft } from './exporting';

const words = t.actions.export;
const CHANNELS = Object.entries(words.channels).map(([value, label]) => ({ value, label }));
const FIRST: Draft = { fields: ['first_name', 'last_name', 'email'], channel: 'all', above: null, by: 'lifetime_spend' };

export function ExportSegment({ segment }: { segment: Segment }) {
  const catalog = useCriteria();
  const preview = useQuery(previewOf(segment.rule));
  return (
    <Loaded query={catalog} height={420}>
      {() => <Loaded query={preview} height={420}>{(counted) => <Form segment={segment} criteria={catalog.criteria!} counted={counted} />}</Loaded>}
    </Loaded>
  );
}

function Form({ segment, criteria, counted }: { segment: Segment; criteria: Criteria; counted: Preview }) {
  const { export_cap: cap } = useWho();
  const client = useQueryClient();
  const [draft, setDraft] = useState(FIRST);
  const make = useMutation({
    mutationFn: () => makeExport(askedExport(segment.id, draft, cap)),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['exports'] }),
  });
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
    make.reset();
  };
  const rows = rowsOf(draft, counted);
  const undecided = rows > cap && draft.above === null;
  return (
    <Panel title={words.file} wide>
      <Stack gap="lg">
        <MultiSelect label={words.columns} description={words.columnsHelp} placeholder={words.add} searchable hidePickedOptions value={draft.fields}
          onChange={(fields) => change({ fields })} data={columnsOf(criteria)} comboboxProps={{ shadow: 'md' }} />
        <div>
          <Text size="sm" fw={500} mb={4}>{words.channel}</Text>
          <SegmentedControl className={own.segments} aria-label={words.channel} data={CHANNELS} value={draft.channel} onChange={(channel) => change({ channel: channel as Draft['channel'] })} />
          <Consent draft={draft} counted={counted} rows={rows} />
        </div>
        {rows > cap && <TooMany rows={rows} draft={draft} criteria={criteria} onChange={change} />}
        {make.isError && <Refusal error={make.error} />}
        {make.data ? <Made made={make.data} /> : (
          <Button className={own.main} leftSection={<IconDownload size={16} />} loading={make.isPending} disabled={undecided || rows === 0} onClick={() => make.mutate()}>{words.make}</Button>
        )}
      </Stack>
    </Panel>
  );
}

function Consent({ draft, counted, rows }: { draft: Draft; counted: Preview; rows: number }) {
  const left = (counted.count ?? 0) - rows;
  return (
    <Text size="sm" c="var(--quiet)" mt={8} role="status">
      <strong className={own.strong} data-testid="export-rows">{words.count(rows)}</strong>. {draft.channel === 'all' ? words.everybody : left > 0 && words.left(left)}
    </Text>
  );
}

interface TooManyProps {
  rows: number;
  draft: Draft;
  criteria: Criteria;
  onChange: (part: Partial<Draft>) => void;
}

/** More rows than a file holds are the person's to decide on, not ours to cut. */
function TooMany({ rows, draft, criteria, onChange }: TooManyProps) {
  const { export_cap: cap } = useWho();
  const orders = [...criteria.fields.values()].filter(({ kind, unavailable }) => (kind === 'number' || kind === 'date') && !unavailable);
  return (
    <Radio.Group label={words.tooMany(rows, cap)} value={draft.above} onChange={(above) => onChange({ above: above as Draft['above'] })}>
      <Stack gap="xs" mt="xs">
        <Radio value="split" label={words.split(Math.ceil(rows / cap))} />
        <Radio value="top" label={words.top(cap)} />
        {draft.above === 'top' && (
          <Select label={words.by} searchable allowDeselect={false} maw={320} value={draft.by} onChange={(by) => by && onChange({ by })}
            data={orders.map(({ name, label }) => ({ value: name, label: sentenceCase(label) }))} />
        )}
      </Stack>
    </Radio.Group>
  );
}

function Made({ made }: { made: MadeExport }) {
  return (
    <Alert role="status" title={words.made} className={own.made}>
      <Stack gap={6}>
        {made.files.map(({ name, rows, url }) => url && <Anchor key={name} href={url} download={name} fw={560}>{words.download(name, rows)}</Anchor>)}
        {made.without_consent > 0 && <Text size="sm">{words.left(made.without_consent)}</Text>}
        <Text size="sm" c="var(--quiet)">{words.madeHelp}</Text>
      </Stack>
    </Alert>
  );
}

const columnsOf = ({ groups, fields }: Criteria) => [
  { group: words.contact, items: Object.entries(words.contactFields).map(([value, label]) => ({ value, label })) },
  ...groups
    .map(({ label, criteria }) => ({ group: label, items: criteria.filter(({ name, unavailable }) => fields.has(name) && name !== 'customer_id' && !unavailable).map(({ name, label: each }) => ({ value: name, label: each })) }))
    .filter(({ items }) => items.length),
];
