/** The rule in other languages: as SQL for three databases, and as the JSON it is stored in. */
import { Button, CopyButton, Group as Row, JsonInput, SegmentedControl, Skeleton, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { wordsFor } from '../../shared/kit/States';
import { useService } from '../../shared/services/segmentationService';
import { t } from '../../shared/strings';
import type { Dialect, Group } from '../../shared/types/segment-types';
import css from './builder.module.css';
import { useEditor } from './editor';
import { parsedRule } from './pasted';
import { toWire } from './ruleTree';

const DIALECTS = Object.entries(t.builder.dialects).map(([value, label]) => ({ value, label }));

export function RuleSql({ rule }: { rule: Group | undefined }) {
  const { getSql } = useService();
  const [dialect, setDialect] = useState<Dialect>('duckdb');
  const query = useQuery({
    queryKey: ['sql', dialect, JSON.stringify(rule)],
    queryFn: ({ signal }) => getSql(rule!, dialect, { signal }),
    enabled: rule !== undefined,
  });
  return (
    <div>
      <Row justify="space-between" mb="sm">
        <SegmentedControl size="xs" aria-label={t.builder.dialect} data={DIALECTS} value={dialect} onChange={(value) => setDialect(value as Dialect)} />
        {query.data && <Copy text={query.data.sql} />}
      </Row>
      {!rule && <Text c="var(--quiet)">{t.builder.noSentence}</Text>}
      {rule && query.isPending && <Skeleton height={220} />}
      {query.isError && <Text role="alert" c="var(--bad)">{wordsFor(query.error).text}</Text>}
      {query.data && <pre className={css.code} tabIndex={0} aria-label={t.builder.view.sql}>{query.data.sql}</pre>}
    </div>
  );
}

export function RuleJson({ rule, readOnly }: { rule: Group; readOnly: boolean }) {
  const editor = useEditor();
  const stored = JSON.stringify(toWire(rule), null, 2);
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? stored;
  const read = parsedRule(text);
  return (
    <div>
      <JsonInput label={t.builder.view.json} description={t.builder.jsonHelp} value={text} onChange={setTyped} readOnly={readOnly} autosize minRows={12} maxRows={28}
        error={'problem' in read ? read.problem : undefined} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }} />
      <Row justify="flex-end" mt="sm">
        <Copy text={text} />
        <Button size="xs" disabled={typed === null || 'problem' in read} onClick={() => {
          if ('rule' in read) editor.replace(read.rule);
          setTyped(null);
        }}>
          {t.builder.useJson}
        </Button>
      </Row>
    </div>
  );
}

function Copy({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => <Button size="xs" variant="default" onClick={copy}>{copied ? t.builder.copied : t.builder.copy}</Button>}
    </CopyButton>
  );
}
