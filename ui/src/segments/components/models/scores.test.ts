import { expect, test } from 'vitest';
import type { Card } from '../../shared/services/api.gen';
import { bestBy, scoresOf } from './scores';

const card: Card = {
  text: '',
  customers: 10,
  promoted: true,
  calibration: {},
  slices: { active: { n: 10, positives: 2, auc: 0.9, log_loss: 0.3 }, all: { n: 20, positives: 9, auc: 0.95, log_loss: 0.2 } },
  baselines: {
    recency: { active: { auc: 0.8, log_loss: 0.25 }, all: { auc: 0.95, log_loss: 0.4 } },
    best_possible: { active: { auc: 0.99, log_loss: 0.1 } },
  },
};

test('the model comes first, then the baselines that the population has', () => {
  expect(scoresOf(card, 'active').map(({ name }) => name)).toEqual(['', 'recency', 'best_possible']);
  expect(scoresOf(card, 'all').map(({ name }) => name)).toEqual(['', 'recency']);
  expect(scoresOf(card, 'all')[0]!.values.ece).toBeNull();
});

test('more is better of some measures, less of the others; a yardstick never wins', () => {
  expect(bestBy('auc', scoresOf(card, 'active'))).toBe('');
  expect(bestBy('log_loss', scoresOf(card, 'active'))).toBe('recency');
});

test('of those who are even the model is best, and of nothing nobody is', () => {
  expect(bestBy('auc', scoresOf(card, 'all'))).toBe('');
  expect(bestBy('brier', scoresOf(card, 'all'))).toBeUndefined();
});
