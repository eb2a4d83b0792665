import { expect, it } from 'vitest';
import { parsedRule } from './pasted';

it('takes a rule, whatever it says', () => {
  const rule = { combinator: 'or', rules: [{ field: 'nobody-knows', operator: '=', value: 1 }, { combinator: 'and', rules: [] }] };
  expect(parsedRule(JSON.stringify(rule))).toEqual({ rule });
});

it.each(['{', '7', 'null', '[]', '{"rules": []}', '{"combinator": "xor", "rules": []}', '{"combinator": "and", "rules": [7]}', '{"combinator": "and", "rules": [{"field": 7}]}'])(
  'refuses %s, and says why',
  (text) => {
    expect(parsedRule(text)).toHaveProperty('problem', expect.stringMatching(/\S/));
  },
);
