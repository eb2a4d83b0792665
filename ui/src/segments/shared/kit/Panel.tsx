/** One matter of a view, under its own heading. */
import { Text, Title } from '@mantine/core';
import { useId, type ReactNode } from 'react';
import { t } from '../strings';
import css from './kit.module.css';

interface PanelProps {
  title: string;
  help?: ReactNode;
  /** Beside the heading: what chooses what is shown. */
  tools?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

export function Panel({ title, help, tools, wide, children }: PanelProps) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={css.panel} data-wide={wide || undefined}>
      <div className={css.panelHead}>
        <div>
          <Title order={2} id={id}>{title}</Title>
          {help && <Text size="sm" c="var(--quiet)">{help}</Text>}
        </div>
        {tools}
      </div>
      {children}
    </section>
  );
}

/** A table that is scrolled by itself where the window is narrow. */
export function TableRoom({ label, children }: { label: string; children: ReactNode }) {
  return <div className={css.room} role="region" aria-label={t.tableOf(label)} tabIndex={0}>{children}</div>;
}
