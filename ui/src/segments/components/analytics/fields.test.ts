import { expect, test } from 'vitest';
import type { Field, Group } from '../../shared/types/segment-types';
import { firstColumns } from './fields';

const field = (name: string, unavailable = '') => [name, { name, unavailable } as Field] as const;
const known = new Map([field('lifetime_spend'), field('city'), field('churn_risk', 'no model'), field('orders_365d')]);
const rule = (...rules: Group['rules']): Group => ({ combinator: 'and', rules });
const asks = (name: string) => ({ field: name, operator: '=', value: 1 });

test('columns are the fields of the rule, each once, however deep', () => {
  const deep = rule(asks('city'), rule(asks('lifetime_spend'), asks('city')));
  expect(firstColumns(deep, known)).toEqual(['city', 'lifetime_spend']);
});

test('fields that cannot be shown are left out, and the usual ones stand in', () => {
  expect(firstColumns(rule(asks('churn_risk'), asks('orders')), known)).toEqual(['lifetime_spend', 'orders_365d']);
});
