/** On narrow screens: the count, always in sight, and the way to the customers. */
import { Button, Loader } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { asCount, asShare } from '../../shared/format';
import { wordsFor } from '../../shared/kit/States';
import { t } from '../../shared/strings';
import type { LivePreview } from './usePreview';
import css from './preview.module.css';

export function CountBar({ preview, onOpen }: { preview: LivePreview; onOpen: () => void }) {
  const { answer, asked, error, waiting } = preview;
  return (
    <div role="group" className={css.countBar} aria-label={t.preview.heading}>
      <div aria-live="polite" aria-atomic="true" className={css.countLine}>
        {answer && answer.count !== null && answer.universe !== null ? (
          <>
            <span className={css.barCount} data-testid="preview-count" data-count={answer.count} data-waiting={waiting || undefined}>{asCount(answer.count)}</span>
            <span className={css.small}>{asShare(answer.count / Math.max(1, answer.universe))} {t.preview.of(answer.universe)}</span>
          </>
        ) : (
          <span className={css.small}>{error !== null ? wordsFor(error).title : answer ? t.preview.blocked(answer.problems.length) : preview.left ? t.preview.left(preview.left) : t.preview.none}</span>
        )}
        {waiting && asked && <Loader size={14} aria-label={t.preview.updating} />}
      </div>
      <Button size="xs" variant="default" leftSection={<IconUsers size={15} />} onClick={onOpen}>{t.preview.showCount}</Button>
    </div>
  );
}
