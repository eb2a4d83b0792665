/** Beside a score: the threshold that its model was judged at, and what is promised of it. */
import { IconCertificate, IconCertificateOff } from '@tabler/icons-react';
import { t } from '../../shared/strings';
import type { Condition, Field } from '../../shared/types/segment-types';
import builderCss from './builder.module.css';
import css from './rule.module.css';
import { updateCondition, useEditor } from './editor';

export function ModelLine({ field, node, locked }: { field: Field; node: Condition; locked: boolean }) {
  const editor = useEditor();
  const { model } = field;
  if (!model) return null;
  const { threshold, certificate } = model;
  return (
    <p className={css.model}>
      {certificate
        ? <><IconCertificate size={15} aria-hidden="true" /> {t.model.certified}</>
        : <><IconCertificateOff size={15} aria-hidden="true" /> {t.model.notCertified}</>}
      {threshold !== null && <span>{t.model.threshold(threshold)}</span>}
      {threshold !== null && node.value !== threshold && (
        <button type="button" className={builderCss.link} disabled={locked} onClick={() => updateCondition(editor, node.id!, { value: threshold })}>
          {t.model.use(threshold)}
        </button>
      )}
    </p>
  );
}
