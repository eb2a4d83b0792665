/** How a certificate stands on a day. */
import type { Certificate } from '../../shared/types/model-types';

export type Standing = 'certified' | 'notCertified' | 'expired';

export function standingOf(certificate: Certificate, day: string): Standing {
  if (!certificate.certified) return 'notCertified';
  return certificate.expires <= day ? 'expired' : 'certified';
}
