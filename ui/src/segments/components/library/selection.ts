/** Which segments are wanted, and in which order. */
import type { Segment } from '../../shared/types/segment-types';

export const KINDS = ['all', 'own', 'shipped', 'dynamic', 'example', 'model'] as const;
export const SORTS = ['name', 'size', 'moved', 'saved'] as const;
export type Kind = (typeof KINDS)[number];
export type Sort = (typeof SORTS)[number];

export interface Wanted {
  text: string;
  kind: Kind;
  tag: string;
  sort: Sort;
}

export const tagsOf = (segments: Segment[]): string[] =>
  [...new Set(segments.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b));

const ofKind: Record<Kind, (segment: Segment) => boolean> = {
  all: () => true,
  own: ({ editable }) => editable,
  shipped: ({ editable, kind }) => !editable && kind === '',
  dynamic: ({ kind }) => kind === 'dynamic',
  example: ({ kind }) => kind === 'example',
  model: ({ kind }) => kind === 'model',
};

const moved = ({ entered, left }: Segment) => (entered ?? 0) + (left ?? 0);

const order: Record<Sort, (a: Segment, b: Segment) => number> = {
  name: (a, b) => a.name.localeCompare(b.name),
  size: (a, b) => (b.count ?? -1) - (a.count ?? -1),
  moved: (a, b) => moved(b) - moved(a),
  saved: (a, b) => (b.saved_at ?? '').localeCompare(a.saved_at ?? ''),
};

/** Return the segments that are wanted; every word of the text must be found in one. */
export function selected(segments: Segment[], { text, kind, tag, sort }: Wanted): Segment[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const says = ({ name, id, description, sentence, tags }: Segment) => {
    const all = [name, id, description, sentence, ...tags].join(' ').toLocaleLowerCase();
    return words.every((word) => all.includes(word));
  };
  return segments
    .filter((segment) => ofKind[kind](segment) && (!tag || segment.tags.includes(tag)) && says(segment))
    .sort((a, b) => order[sort](a, b) || order.name(a, b));
}
