/** A secret that is told once, to be copied now. */
import { Alert, Button, CopyButton } from '@mantine/core';
import { t } from '../../shared/strings';
import own from './operations.module.css';

interface SecretProps {
  title: string;
  help: string;
  secret: string;
}

export function Secret({ title, help, secret }: SecretProps) {
  const words = t.operations.tokens;
  return (
    <Alert role="status" title={title} className={own.secret}>
      <p>{help}</p>
      <div className={own.secretLine}>
        <code data-testid="secret">{secret}</code>
        <CopyButton value={secret}>{({ copied, copy }) => <Button size="compact-sm" variant="default" onClick={copy}>{copied ? words.copied : words.copy}</Button>}</CopyButton>
      </div>
    </Alert>
  );
}
