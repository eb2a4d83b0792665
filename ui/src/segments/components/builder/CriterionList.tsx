/** Criteria to choose from, by group, with a search: arrow keys go through them, Enter takes one. */
import { TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { t } from '../../shared/strings';
import css from './panels.module.css';
import ruleCss from './rule.module.css';
import { bestFound, found, type Criterion, type CriterionGroup } from './criteria';

interface CriterionListProps {
  groups: CriterionGroup[];
  onPick: (name: string) => void;
  /** How one is drawn, where it is more than a button. */
  item?: (criterion: Criterion, onPick: () => void) => ReactNode;
}

export function CriterionList({ groups, onPick, item }: CriterionListProps) {
  const [search, setSearch] = useState('');
  const list = useRef<HTMLDivElement>(null);
  const shown = found(groups, search);

  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const items = [...list.current!.querySelectorAll<HTMLElement>('input, button:not(:disabled)')];
    if (by) {
      event.preventDefault();
      items.at((items.indexOf(document.activeElement as HTMLElement) + by) % items.length)?.focus();
    } else if (event.key === 'Enter' && document.activeElement === items[0]) {
      const best = search && bestFound(groups, search);
      if (best) {
        event.preventDefault();
        onPick(best.name);
        setSearch('');
      }
    }
  };

  return (
    <div ref={list} className={css.criteria} onKeyDown={onKeyDown}>
      <TextInput size="xs" type="search" leftSection={<IconSearch size={14} />} placeholder={t.palette.search} aria-label={t.palette.search}
        value={search} data-autofocus onChange={({ currentTarget }) => setSearch(currentTarget.value)} />
      <div className={css.scroll} tabIndex={-1}>
        {shown.map(({ label, criteria }) => (
          <div key={label} role="group" aria-label={label}>
            <h2 className={css.groupName}>{label}</h2>
            {criteria.map((criterion) => {
              const pick = () => onPick(criterion.name);
              return item ? item(criterion, pick) : <Plain key={criterion.name} criterion={criterion} onPick={pick} />;
            })}
          </div>
        ))}
        {!shown.length && <p className={ruleCss.hint} role="status">{t.palette.none}</p>}
      </div>
    </div>
  );
}

function Plain({ criterion, onPick }: { criterion: Criterion; onPick: () => void }) {
  return (
    <button type="button" className={css.criterion} disabled={criterion.unavailable !== ''} onClick={onPick}>
      <CriterionWords criterion={criterion} />
    </button>
  );
}

export function CriterionWords({ criterion: { label, description, unavailable } }: { criterion: Criterion }) {
  return (
    <>
      <span className={css.criterionName}>{label}</span>
      {(unavailable || description) && <span className={css.criterionHelp}>{unavailable || description}</span>}
    </>
  );
}
