/** Which fields a rule speaks of. */
import type { Field, Group, Node } from '../../shared/types/segment-types';

const MOST = 4;
const USUAL = ['lifetime_spend', 'days_since_last_order', 'orders_365d'];

/** Return the columns that a table of a rule's members begins with: what the rule asks, else what is usual. */
export function firstColumns(rule: Group, fields: ReadonlyMap<string, Field>): string[] {
  const asked = [...new Set(fieldsIn(rule))].filter((name) => fields.has(name) && !fields.get(name)!.unavailable && name !== 'customer_id');
  return (asked.length ? asked : USUAL.filter((name) => fields.has(name))).slice(0, MOST);
}

function fieldsIn(node: Node): string[] {
  return 'rules' in node ? node.rules.flatMap(fieldsIn) : [node.field];
}
