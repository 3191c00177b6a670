import { describe, expect, test } from 'vitest';
import { parseUidText } from '../../services/bundles/uid-text.ts';

describe('parseUidText', () => {
  test.each([
    ['User::"a"', 'User', 'a'],
    ['Corp::Agents::Agent::"build bot"', 'Corp::Agents::Agent', 'build bot'],
    ['User::""', 'User', ''],
    ['User::"a::\\"b\\""', 'User', 'a::"b"'],
    [String.raw`User::"\n\r\t\0\\\'\x41\u{1F980}"`, 'User', "\n\r\t\u{0}\\'A🦀"],
    ['User::"é"', 'User', 'é'],
  ])('reads %s', (text, type, id) => {
    expect(parseUidText(text)).toEqual({ type, id });
  });

  test.each([
    '',
    'User',
    '"a"',
    '::"a"',
    'User::a',
    'User::"a',
    'User::"',
    'User::"a" ',
    ' User::"a"',
    'User ::"a"',
    'User:: "a"',
    'User::"a"b"',
    'User::"\\"',
    'User::"\\q"',
    'User::"\\x80"',
    'User::"\\u{110000}"',
    'User::"\\u{d800}"',
    'User::"\\u{}"',
    'in::"a"',
    'Usér::"a"',
    '{"type":"User","id":"a"}',
  ])('refuses %j', (text) => {
    expect(parseUidText(text)).toBeUndefined();
  });
});
