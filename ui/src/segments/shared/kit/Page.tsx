/** The frame of a view that is read from top to bottom. */
import { Title } from '@mantine/core';
import { useEffect, type ReactNode } from 'react';
import { Link } from 'wouter';
import { t } from '../strings';
import { Headed } from './headed';
import css from './kit.module.css';

interface PageProps {
  title: string;
  lead?: ReactNode;
  /** Beside the title: what can be done here. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, lead, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · ${t.title}`;
  }, [title]);
  return (
    <div className={css.page}>
      <div className={css.head}>
        <div className={css.titles}>
          <Title order={1} dir="auto">{title}</Title>
          {lead && <div className={css.lead}>{lead}</div>}
        </div>
        {actions && <div className={css.actions}>{actions}</div>}
      </div>
      <Headed value>{children}</Headed>
    </div>
  );
}

interface SectionsProps {
  label: string;
  sections: { href: string; label: string }[];
  here: string;
}

/** The parts of a view, each with an address of its own. */
export function Sections({ label, sections, here }: SectionsProps) {
  return (
    <nav aria-label={label} className={css.sections}>
      {sections.map((section) => (
        <Link key={section.href} href={section.href} aria-current={section.href === here ? 'page' : undefined}>{section.label}</Link>
      ))}
    </nav>
  );
}
