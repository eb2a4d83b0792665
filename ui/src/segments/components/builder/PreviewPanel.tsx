/** Whom the rule means, while it is edited: how many, who can be reached, who they are. */
import { Loader, Text, Title } from '@mantine/core';
import { IconAlertCircle, IconCloudOff, IconDeviceMobile, IconMail } from '@tabler/icons-react';
import { useState } from 'react';
import { asCount, asShare } from '../../shared/format';
import { wordsFor } from '../../shared/kit/States';
import { t } from '../../shared/strings';
import type { Customer, Preview } from '../../shared/types/segment-types';
import { CustomerTable } from './CustomerTable';
import { useEditor } from './editor';
import { Explanation } from './Explanation';
import { PersonSearch } from './PersonSearch';
import type { LivePreview } from './usePreview';
import css from './preview.module.css';

export function PreviewPanel({ preview }: { preview: LivePreview }) {
  const { criteria } = useEditor();
  const [asking, setAsking] = useState<Customer | null>(null);
  const { answer, asked } = preview;
  return (
    <section aria-label={t.preview.heading} className={css.panel} data-testid="preview">
      <Heading waiting={preview.waiting && asked !== undefined} />
      {!asked && <Nothing left={preview.left} />}
      {preview.error !== null && <Failure error={preview.error} />}
      {answer && <Numbers answer={answer} waiting={preview.waiting} />}
      {asked && preview.left > 0 && <p className={css.notice}>{t.preview.left(preview.left)}</p>}
      {asked && <div className={css.find}><PersonSearch placeholder={t.preview.findHelp} onPick={setAsking} /></div>}
      {answer && answer.count !== null && <CustomerTable answer={answer} onAsk={setAsking} />}
      {asking && asked && <Explanation customer={asking} rule={asked} criteria={criteria} onClose={() => setAsking(null)} />}
    </section>
  );
}

function Heading({ waiting }: { waiting: boolean }) {
  return (
    <div className={css.heading}>
      <Title order={2}>{t.preview.heading}</Title>
      {waiting && <Loader size={14} aria-label={t.preview.updating} />}
    </div>
  );
}

function Nothing({ left }: { left: number }) {
  return (
    <div className={css.nothing}>
      <Text fw={560}>{t.preview.none}</Text>
      <Text size="sm" c="var(--quiet)">{left ? t.preview.left(left) : t.preview.noneHelp}</Text>
    </div>
  );
}

function Failure({ error }: { error: unknown }) {
  const { title, text } = wordsFor(error);
  return (
    <div role="alert" className={css.failure}>
      <IconCloudOff size={18} aria-hidden="true" />
      <div>
        <Text size="sm" fw={600}>{title}</Text>
        <Text size="sm">{text}</Text>
      </div>
    </div>
  );
}

function Numbers({ answer, waiting }: { answer: Preview; waiting: boolean }) {
  if (answer.count === null || answer.universe === null) {
    const rows = new Set(answer.problems.map(({ path }) => String(path))).size;
    return (
      <p className={css.blocked}><IconAlertCircle size={16} aria-hidden="true" /> {t.preview.blocked(rows)}</p>
    );
  }
  const share = answer.count / Math.max(1, answer.universe);
  return (
    <div className={css.numbers} data-waiting={waiting || undefined}>
      <div className={css.count} aria-live="polite" aria-atomic="true">
        <span data-testid="preview-count" data-count={answer.count} data-waiting={waiting || undefined}>{asCount(answer.count)}</span>
        <span className={css.share}>{asShare(share)}</span>
      </div>
      <div className={css.bar} role="img" aria-label={`${t.preview.share}: ${asShare(share)}`}><span style={{ inlineSize: `${100 * share}%` }} /></div>
      <Text size="xs" c="var(--quiet)">{t.preview.of(answer.universe)}, {t.preview.asOf(answer.as_of)}</Text>
      <dl className={css.reach} aria-label={t.preview.reach}>
        <Reach icon={<IconMail size={16} />} label={t.preview.email} n={answer.reachable.email} />
        <Reach icon={<IconDeviceMobile size={16} />} label={t.preview.sms} n={answer.reachable.sms} />
      </dl>
    </div>
  );
}

function Reach({ icon, label, n }: { icon: React.ReactNode; label: string; n: number | undefined }) {
  if (n === undefined) return null;
  return (
    <div>
      <dt>{icon}{label}</dt>
      <dd>{asCount(n)}</dd>
    </div>
  );
}
