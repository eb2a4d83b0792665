/** The ids of segments: as they stand in addresses, files and rules. */
const MOST = 63;

export const isId = (text: string): boolean => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && text.length <= MOST;

/** Return an id made of a name: its letters without accents, small, words joined by hyphens. */
export function idOf(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '-').slice(0, MOST).replace(/^-+|-+$/g, '');
}
