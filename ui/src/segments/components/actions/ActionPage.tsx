/** The frame of what is done with one segment: which one, what for, and a way back to it. */
import { Anchor } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Loaded } from '../../shared/kit/Loaded';
import { Page } from '../../shared/kit/Page';
import { mayEdit, useWho } from '../../shared/kit/session';
import { EmptyState } from '../../shared/kit/States';
import { segmentOn } from '../../shared/services/analyticsService';
import { t } from '../../shared/strings';
import type { Segment } from '../../shared/types/segment-types';
import own from './actions.module.css';

interface ActionPageProps {
  id: string;
  title: string;
  lead: string;
  /** It is for those only who may change things. */
  forEditors?: boolean;
  children: (segment: Segment) => ReactNode;
}

export function ActionPage({ id, title, lead, forEditors = false, children }: ActionPageProps) {
  const who = useWho();
  const segment = useQuery(segmentOn(id, undefined));
  return (
    <Loaded query={segment} height={480}>
      {(found) => (
        <Page title={`${title}: ${found.name}`} lead={lead} actions={
          <Anchor component={Link} href={`/${encodeURIComponent(id)}/insights`} size="sm" className={own.back}><IconArrowLeft size={15} aria-hidden="true" />{t.actions.back}</Anchor>
        }>
          {forEditors && !mayEdit(who)
            ? <EmptyState title={t.state.forbiddenTitle}>{t.state.forbidden}</EmptyState>
            : <div className={own.body}>{children(found)}</div>}
        </Page>
      )}
    </Loaded>
  );
}
