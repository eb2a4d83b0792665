/** An export as it is put together, and as the service is asked for it. */
import type { AskedExport } from '../../shared/services/api.gen';
import type { Channel, Preview } from '../../shared/types/segment-types';

export interface Draft {
  fields: string[];
  channel: Channel | 'all';
  /** What to do with more rows than one file holds; null where nobody has said. */
  above: 'split' | 'top' | null;
  /** The field by which the first are taken. */
  by: string;
}

/** Return how many rows there would be, before any are cut off. */
export function rowsOf({ channel }: Draft, { count, reachable }: Pick<Preview, 'count' | 'reachable'>): number {
  return (channel === 'all' ? count : reachable[channel]) ?? 0;
}

export function askedExport(segment: string, { fields, channel, above, by }: Draft, cap: number): AskedExport {
  return {
    segment,
    fields,
    channel: channel === 'all' ? null : channel,
    split: above === 'split',
    top: above === 'top' ? { n: cap, by } : null,
  };
}
