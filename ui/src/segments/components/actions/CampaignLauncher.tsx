/** A campaign before it is sent: on which channel, whom to hold out, who gets it, what it could show. */
import { Button, NumberInput, SegmentedControl, Slider, Stack, Text, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asShare } from '../../shared/format';
import { Loaded } from '../../shared/kit/Loaded';
import { Panel } from '../../shared/kit/Panel';
import { Refusal } from '../../shared/kit/Refusal';
import { planOf, savePlan } from '../../shared/services/actionService';
import { t } from '../../shared/strings';
import type { AskedPlan, PlanOf } from '../../shared/services/api.gen';
import type { Channel, Segment } from '../../shared/types/segment-types';
import css from '../../shared/kit/kit.module.css';
import own from './actions.module.css';
import { AudienceWaterfall } from './AudienceWaterfall';
import { SavedPlans } from './SavedPlans';

const words = t.actions.campaign;
const CHANNELS = Object.entries(words.channels).map(([value, label]) => ({ value, label }));
const MOST_HELD = 50; // percent
const LONGEST_PEACE = 365; // days
const SETTLED = 200; // milliseconds after the last change

export function CampaignLauncher({ segment }: { segment: Segment }) {
  const [asked, setAsked] = useState<AskedPlan>({ segment: segment.id, channel: 'email', holdout: 0.1, suppress_days: 14, campaign: '' });
  const [settled] = useDebouncedValue(asked, SETTLED);
  const plan = useQuery(planOf(settled));
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: () => savePlan(asked),
    onSuccess: () => {
      notifications.show({ message: words.saved });
      void client.invalidateQueries({ queryKey: ['campaigns'] });
    },
  });
  return (
    <div className={own.stack}>
      <div className={css.grid}>
        <Panel title={words.settings}><Settings asked={asked} onChange={(part) => setAsked({ ...asked, ...part })} /></Panel>
        <Loaded query={plan} height={360}>
          {(found) => (
            <Panel title={words.arithmetic}>
              <AudienceWaterfall plan={found} />
              <Text size="sm" fw={600} mt="lg">{words.effect}</Text>
              <Effect plan={found} />
            </Panel>
          )}
        </Loaded>
      </div>
      {save.isError && <Refusal error={save.error} />}
      <Button className={own.main} loading={save.isPending} disabled={!plan.data?.recipients} onClick={() => save.mutate()}>{words.save}</Button>
      <Panel title={words.plans} wide><SavedPlans segment={segment.id} /></Panel>
    </div>
  );
}

function Settings({ asked, onChange }: { asked: AskedPlan; onChange: (part: Partial<AskedPlan>) => void }) {
  const held = Math.round(100 * (asked.holdout ?? 0));
  return (
    <Stack gap="lg">
      <TextInput label={words.name} description={words.nameHelp} maxLength={100} value={asked.campaign} onChange={({ currentTarget }) => onChange({ campaign: currentTarget.value })} />
      <div>
        <Text size="sm" fw={500} mb={4}>{words.channel}</Text>
        <SegmentedControl aria-label={words.channel} data={CHANNELS} value={asked.channel} onChange={(channel) => onChange({ channel: channel as Channel })} />
      </div>
      <div>
        <Text size="sm" fw={500}>{words.holdout}: {asShare(held / 100)}</Text>
        <Text size="xs" c="var(--quiet)" mb={8}>{words.holdoutHelp}</Text>
        <Slider value={held} onChange={(percent) => onChange({ holdout: percent / 100 })} min={0} max={MOST_HELD} step={1} label={(percent) => asShare(percent / 100)} thumbLabel={words.holdout} />
      </div>
      <NumberInput label={words.suppress} suffix={` ${words.days}`} value={asked.suppress_days} min={0} max={LONGEST_PEACE} allowDecimal={false} clampBehavior="strict"
        onChange={(days) => typeof days === 'number' && onChange({ suppress_days: days })} />
    </Stack>
  );
}

function Effect({ plan: { holdout, smallest_effect: { baseline, absolute, relative } } }: { plan: PlanOf }) {
  if (absolute === null) return <Text size="sm">{holdout ? words.effectNone : words.noHoldout}</Text>;
  return <Text size="sm">{words.effectWords(baseline, absolute)} {relative !== null && words.effectRelative(relative)}</Text>;
}
