import { expect, test } from 'vitest';
import { type JsonValue, parseExactJson } from '../../services/ledger/json.ts';
import { cedarText } from './cedar-text.ts';

test.each([
  ['7', '7'],
  ['"a \\"b\\""', '"a \\"b\\""'],
  ['["a", true]', '["a", true]'],
  ['{"__entity": {"type": "User", "id": "ada"}}', 'User::"ada"'],
  ['{"__extn": {"fn": "decimal", "arg": "1.50"}}', 'decimal("1.50")'],
  ['{"a": [{"b c": 9007199254740993}]}', '{a: [{"b c": 9007199254740993}]}'],
])('writes %s as a policy has it', (json, text) => {
  expect(cedarText(parseExactJson(json) as JsonValue)).toBe(text);
});
