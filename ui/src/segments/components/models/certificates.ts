/** How a certificate stands on a day. */
import type { Certificate } from '../../shared/types/model-types';

export type Standing = 'certified' | 'notCertified' | 'expired' | 'withdrawn';

export function standingOf(certificate: Certificate, day: string, withdrawn = false): Standing {
  if (!certificate.certified) return 'notCertified';
  if (withdrawn) return 'withdrawn';
  return certificate.expires <= day ? 'expired' : 'certified';
}
