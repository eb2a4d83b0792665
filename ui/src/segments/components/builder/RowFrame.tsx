/** What every condition has around its own words: a handle, whom it keeps, its menu, its problems. */
import { IconAlertCircle, IconEyeOff, IconGripVertical, IconLock } from '@tabler/icons-react';
import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import { asCount } from '../../shared/format';
import { t } from '../../shared/strings';
import type { Node } from '../../shared/types/segment-types';
import css from './rule.module.css';
import { useDraggable, useDropZone } from './dragging';
import { useEditor, type Editor } from './editor';
import { useNote, type Note } from './notes';
import { RowMenu } from './RowMenu';
import type { Direction } from './ruleTree';

interface RowFrameProps {
  node: Node;
  label: string;
  scope: string;
  /** It, or a group around it, is locked. */
  locked: boolean;
  /** A group around it is locked, so that not even its lock can be changed. */
  held: boolean;
  children: ReactNode;
  /** What stands below the row, such as an event's details. */
  below?: ReactNode;
}

const ARROWS: Record<string, Direction> = { ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'out', ArrowRight: 'in' };

/** Move a node by Alt and an arrow key, from wherever in its row. */
export const moveByKeys = (editor: Editor, id: string, locked: boolean) => (event: KeyboardEvent) => {
  const direction = ARROWS[event.key];
  if (!event.altKey || !direction || locked) return;
  event.preventDefault();
  event.stopPropagation();
  editor.step(id, direction);
};

export function RowFrame({ node, label, scope, locked, held, children, below }: RowFrameProps) {
  const editor = useEditor();
  const id = node.id!;
  const row = useRef<HTMLDivElement>(null);
  const handle = useRef<HTMLButtonElement>(null);
  const note = useNote(id);
  useDraggable(row, handle, { kind: 'node', id, scope }, !locked);
  useDropZone(row, { id, scope, upper: 'before', lower: 'after', enabled: !held });
  return (
    <div ref={row} role="listitem" className={css.row} data-node={id} data-field={'field' in node ? node.field : undefined}
      data-muted={node.muted || undefined} data-problem={note.problems.length > 0 || undefined} onKeyDown={moveByKeys(editor, id, locked)}>
      <div className={css.line}>
        <Handle handle={handle} label={label} disabled={locked} />
        <div className={css.words}>{children}</div>
        <Tail node={node} note={note} />
        <RowMenu node={node} label={label} detail={scope !== ''} held={held} />
      </div>
      {below}
      {note.problems.map(({ message, hint }) => (
        <p key={message + hint} className={css.problem} role="alert">
          <IconAlertCircle size={15} aria-hidden="true" /><span>{message} {hint}</span>
        </p>
      ))}
    </div>
  );
}

interface HandleProps {
  handle: React.RefObject<HTMLButtonElement | null>;
  label: string;
  disabled: boolean;
}

export function Handle({ handle, label, disabled }: HandleProps) {
  return (
    <button ref={handle} type="button" className={css.handle} data-handle aria-label={t.builder.handle(label)} title={t.builder.handleHelp}
      aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown Alt+ArrowLeft Alt+ArrowRight" aria-disabled={disabled}>
      <IconGripVertical size={16} />
    </button>
  );
}

/** At the end of a row: ignored, locked, not filled in, or how many it is true of. */
export function Tail({ node, note }: { node: Node; note: Note }) {
  if (node.muted) return <span className={css.flag}><IconEyeOff size={14} aria-hidden="true" /> {t.builder.muted}</span>;
  if (note.incomplete) return <span className={css.flag}>{t.builder.incomplete}</span>;
  return (
    <>
      {node.disabled && <span className={css.flag}><IconLock size={14} aria-hidden="true" /> {t.builder.locked}</span>}
      {note.kept !== null && note.dropped !== null && (
        <span className={css.kept} role="img" aria-label={t.builder.keptHelp(note.kept, note.dropped)} title={t.builder.keptHelp(note.kept, note.dropped)}>
          <span data-testid="kept">{asCount(note.kept)}</span>
          <span className={css.bar}><span style={{ inlineSize: `${(100 * note.kept) / Math.max(1, note.kept + note.dropped)}%` }} /></span>
        </span>
      )}
    </>
  );
}
