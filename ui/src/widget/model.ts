/** What the kernel and the notebook share, as anywidget gives it. */
import { useEffect, useRef } from 'react';
import { toWire } from '../segments/components/builder/ruleTree';
import { countable, type Criteria } from '../segments/components/builder/criteria';
import type { Bench } from '../segments/components/builder/Workbench';
import type { Group } from '../segments/shared/types/segment-types';

export interface Model {
  get: (name: 'rule') => Group;
  set: (name: 'rule', rule: Group) => void;
  save_changes: () => void;
  // anywidget's listeners take whatever their event brings
  on: (event: string, heard: (told: never) => void) => void;
  off: (event: string, heard: (told: never) => void) => void;
  send: (message: unknown) => void;
}

const settledText = (criteria: Criteria, rule: Group) => JSON.stringify(toWire(countable(criteria, rule).rule));

/** Keep the rule of the kernel and the one that is edited the same; an edit is told once, when it stands still. */
export function useSharedRule(model: Model, { editor, criteria, preview: { settled } }: Bench): void {
  const shared = useRef<string | null>(null);
  shared.current ??= settledText(criteria, model.get('rule'));

  useEffect(() => {
    const text = JSON.stringify(settled);
    if (text === shared.current) return;
    shared.current = text;
    model.set('rule', settled);
    model.save_changes();
  }, [model, settled]);

  useEffect(() => {
    const take = () => {
      const rule = model.get('rule');
      const text = settledText(criteria, rule);
      if (text === shared.current) return;
      shared.current = text;
      editor.replace(rule);
    };
    model.on('change:rule', take);
    return () => model.off('change:rule', take);
  }, [model, editor, criteria]);
}
