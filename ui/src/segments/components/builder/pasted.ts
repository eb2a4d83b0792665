/** A rule that comes from outside, as text. */
import { t } from '../../shared/strings';
import type { Group } from '../../shared/types/segment-types';

/**
 * Return the rule that `text` is, or what keeps it from being one. Whether its fields and values make
 * sense is the service's to say, row by row; here it need only have the shape of a rule.
 */
export function parsedRule(text: string): { rule: Group } | { problem: string } {
  let wire: unknown;
  try {
    wire = JSON.parse(text);
  } catch (cause) {
    return { problem: t.builder.badJson((cause as Error).message) };
  }
  return isRule(wire) ? { rule: wire } : { problem: t.builder.notARule };
}

function isRule(wire: unknown): wire is Group {
  if (typeof wire !== 'object' || wire === null || !('rules' in wire)) return false;
  const { rules, combinator } = wire as Partial<Group>;
  return Array.isArray(rules) && (combinator === 'and' || combinator === 'or') && rules.every(isNode);
}

function isNode(wire: unknown): boolean {
  if (typeof wire !== 'object' || wire === null) return false;
  return 'rules' in wire ? isRule(wire) : typeof (wire as { field?: unknown }).field === 'string' && typeof (wire as { operator?: unknown }).operator === 'string';
}
