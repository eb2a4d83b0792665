import { expect, test } from 'vitest';
import { barsOf, firstShown, partsOf, ratioOf } from './profile';

test('the longer bar is whole, the other in proportion', () => {
  expect(barsOf({ segment: 60, against: 15 })).toEqual({ segment: 100, other: 25 });
  expect(barsOf({ segment: 0, against: 0 })).toEqual({ segment: 0, other: 0 });
  expect(barsOf({ segment: null, against: 4 })).toEqual({ segment: 0, other: 100 });
});

test('a ratio is told only where there is something to divide by', () => {
  expect(ratioOf({ segment: 7.48, against: 1.1 })).toBe(6.8);
  expect(ratioOf({ segment: 7, against: 0 })).toBeNull();
  expect(ratioOf({ segment: null, against: 2 })).toBeNull();
});

const spread = (field: string) => ({ field, label: field, unit: 'share', edges: [0, 0.5, 1], segment: [0.2, 0.8], against: [0.9, 0.1] });

test('the risk of churn is shown first, where it is known', () => {
  expect(firstShown([spread('spend'), spread('churn_risk')])?.field).toBe('churn_risk');
  expect(firstShown([spread('spend')])?.field).toBe('spend');
  expect(firstShown([])).toBeUndefined();
});

test('parts keep the shares of both', () => {
  expect(partsOf(spread('churn_risk'), 'EUR').map(({ segment, against }) => [segment, against])).toEqual([[0.2, 0.9], [0.8, 0.1]]);
});
