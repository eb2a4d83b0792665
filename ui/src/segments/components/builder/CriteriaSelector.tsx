/** The palette: every criterion there is, to drag into the rule or to add with Enter. */
import { useRef } from 'react';
import { t } from '../../shared/strings';
import css from './panels.module.css';
import { type Criterion } from './criteria';
import { CriterionList, CriterionWords } from './CriterionList';
import { useDraggable } from './dragging';
import { useEditor } from './editor';

export function CriteriaSelector({ onAdded }: { onAdded?: () => void }) {
  const editor = useEditor();
  const pick = (name: string) => {
    editor.add(name);
    onAdded?.();
  };
  return (
    <section aria-label={t.palette.label} className={css.palette}>
      <CriterionList groups={editor.criteria.groups} onPick={pick}
        item={(criterion, onPick) => <Item key={criterion.name} criterion={criterion} onPick={onPick} />} />
      <p className={css.paletteHelp}>{t.palette.help}</p>
    </section>
  );
}

function Item({ criterion, onPick }: { criterion: Criterion; onPick: () => void }) {
  const ref = useRef<HTMLButtonElement>(null);
  const unavailable = criterion.unavailable !== '';
  useDraggable(ref, ref, { kind: 'criterion', name: criterion.name, scope: '' }, !unavailable);
  return (
    <button ref={ref} type="button" className={css.criterion} data-criterion={criterion.name} disabled={unavailable} onClick={onPick}>
      <CriterionWords criterion={criterion} />
    </button>
  );
}
