/** The page's builder in a notebook's cell: what the shell of the page does, done with what a notebook has. */
import { createTheme, Loader, MantineProvider, mergeThemeOverrides } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';
import type { Criteria } from '../segments/components/builder/criteria';
import builderCss from '../segments/components/builder/builder.module.css';
import { EditTools } from '../segments/components/builder/EditTools';
import { useUndoKeys } from '../segments/components/builder/useUndoKeys';
import { useWorkbench, Workbench } from '../segments/components/builder/Workbench';
import { LiveRegion } from '../segments/shared/kit/announcing';
import { AsyncCentre } from '../segments/shared/kit/AsyncCentre';
import { mayEdit, SessionContext } from '../segments/shared/kit/session';
import { ErrorState } from '../segments/shared/kit/States';
import { newQueryClient, useCriteria, useSession } from '../segments/shared/services/queries';
import { ServiceContext, type serviceOf } from '../segments/shared/services/segmentationService';
import { t } from '../segments/shared/strings';
import type { Session } from '../segments/shared/types/segment-types';
import { theme } from '../theme';
import { useSharedRule, type Model } from './model';
import { useSchemeBehind } from './scheme';

interface NotebookBuilderProps {
  model: Model;
  service: ReturnType<typeof serviceOf>;
  /** The element of the notebook that the builder stands in. */
  host: HTMLElement;
}

export function NotebookBuilder({ model, service, host }: NotebookBuilderProps) {
  const id = useId();
  const scheme = useSchemeBehind(host);
  const [root, setRoot] = useState<HTMLElement | null>(null);
  const queries = useMemo(newQueryClient, []);
  const within = useMemo(() => mergeThemeOverrides(theme, inside(`[id="${id}"]`)), [id]);
  return (
    // Without the attribute JupyterLab takes keys that are pressed on our buttons for its own.
    <div ref={setRoot} id={id} className="segml-widget" data-lm-suppress-shortcuts="true" role="region" aria-label={t.builder.label}>
      {root && (
        <MantineProvider theme={within} forceColorScheme={scheme} getRootElement={() => root} cssVariablesSelector=".segml-widget" withGlobalClasses={false}>
          <QueryClientProvider client={queries}>
            <ServiceContext value={service}>
              <Entry model={model} root={root} />
            </ServiceContext>
          </QueryClientProvider>
          <LiveRegion />
        </MantineProvider>
      )}
    </div>
  );
}

/** What opens over the builder stays within it: outside, the notebook's own styles hold. */
function inside(target: string) {
  const here = { portalProps: { target } };
  return createTheme({
    fontFamily: 'system-ui, sans-serif',
    components: {
      Combobox: { defaultProps: here },
      Drawer: { defaultProps: { ...here, lockScroll: false } },
      Popover: { defaultProps: here },
      Tooltip: { defaultProps: here },
    },
  });
}

/** The builder, once the kernel has said who asks and what a rule may name. */
function Entry({ model, root }: { model: Model; root: HTMLElement }) {
  const session = useSession();
  const catalog = useCriteria();
  const failed = [session, catalog].find((query) => query.isError && !query.data);
  if (failed) return <ErrorState error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!session.data || !catalog.criteria) return <AsyncCentre><Loader aria-label={t.state.loading} /></AsyncCentre>;
  return <SharedBuilder model={model} root={root} session={session.data} criteria={catalog.criteria} />;
}

interface SharedBuilderProps {
  model: Model;
  root: HTMLElement;
  session: Session;
  criteria: Criteria;
}

function SharedBuilder({ model, root, session, criteria }: SharedBuilderProps) {
  const initial = useMemo(() => model.get('rule'), [model]);
  const bench = useWorkbench(initial, criteria);
  useSharedRule(model, bench);
  useUndoKeys(bench.editor, root);
  return (
    <SessionContext value={session}>
      <Workbench bench={bench} readOnly={!mayEdit(session)}
        bar={<div className={builderCss.toolbar}><div className={builderCss.tools}><EditTools bench={bench} /></div></div>} />
    </SessionContext>
  );
}
