/** What is promised of a model, population by population, and whether the promise still stands. */
import { Badge, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useWho } from '../../shared/kit/session';
import { t } from '../../shared/strings';
import type { Certificate, Certificates, Withdrawal } from '../../shared/types/model-types';
import css from '../../shared/kit/kit.module.css';
import own from './models.module.css';
import { standingOf } from './certificates';

const words = t.models.certificate;

export function CertificateWords({ certificates, withdrawn }: { certificates: Certificates; withdrawn: Withdrawal | null }) {
  return (
    <>
      {withdrawn && <p className={css.note} role="status"><IconAlertTriangle size={17} aria-hidden="true" />{words.withdrawnOn(withdrawn.since, withdrawn.why)}</p>}
      <ul className={css.list}>
        {Object.entries(words.of).map(([population, label]) => {
          const certificate = certificates[population];
          return certificate && (
            <li key={population} className={own.promise}>
              <div className={own.promiseHead}><Text fw={600} size="sm">{label}</Text><CertificateBadge certificate={certificate} withdrawn={withdrawn !== null} /></div>
              <Text size="sm">{certificate.words}</Text>
            </li>
          );
        })}
      </ul>
    </>
  );
}

export function CertificateBadge({ certificate, withdrawn }: { certificate: Certificate; withdrawn?: boolean }) {
  const { as_of } = useWho();
  const standing = standingOf(certificate, as_of ?? '', withdrawn);
  return (
    <Badge className={own.badge} data-standing={standing} tt="none" fw={550}>
      {standing === 'certified' && certificate.certified ? words.until(certificate.expires) : words[standing]}
    </Badge>
  );
}
