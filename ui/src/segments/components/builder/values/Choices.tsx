import css from '../values.module.css';

interface ChoicesProps {
  label: string;
  value: unknown[];
  choices: string[];
  onChange: (value: string[]) => void;
  disabled?: boolean | undefined;
}

/** Some of a few, all in sight. */
export function Choices({ label, value, choices, onChange, disabled }: ChoicesProps) {
  const toggle = (choice: string) => onChange(choices.filter((one) => (one === choice) !== value.includes(one)));
  return (
    <span role="group" aria-label={label} className={css.choices}>
      {choices.map((choice) => (
        <button key={choice} type="button" className={css.choice} aria-pressed={value.includes(choice)} disabled={disabled} onClick={() => toggle(choice)}>
          {choice.replaceAll('_', ' ')}
        </button>
      ))}
    </span>
  );
}
