import { describe, expect, test } from 'vitest';
import { bearerToken } from '../../../services/pdp/wire/bearer.ts';
import { isLoopback, isLoopbackPeer } from '../../../services/pdp/wire/loopback.ts';

describe('bearerToken()', () => {
  test.each([
    ['Bearer abc', 'abc'],
    ['bearer abc.DEF-1_2~3+4/5==', 'abc.DEF-1_2~3+4/5=='],
    ['Bearer   abc', 'abc'],
  ])('takes the token of "%s"', (value, token) => {
    expect(bearerToken([value])).toBe(token);
  });

  test('tells no credential from one that cannot be read', () => {
    expect(bearerToken([])).toBeUndefined();
  });

  test.each([
    ['an empty value', ['']],
    ['a scheme alone', ['Bearer ']],
    ['another scheme', ['Basic dXNlcjpwYXNz']],
    ['a token alone', ['abc']],
    ['two tokens', ['Bearer a b']],
    ['two values', ['Bearer a', 'Bearer b']],
    ['a list of two', ['Bearer a, Bearer b']],
    ['a token with a quote', ['Bearer "a"']],
    ['a line break at the end', ['Bearer a\n']],
    ['a token without bound', [`Bearer ${'a'.repeat(10_000)}`]],
  ])('never takes %s for no credential', (_what, values) => {
    expect(() => bearerToken(values)).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });
});

describe('isLoopback()', () => {
  test.each(['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
    'is true of %s',
    (address) => {
      expect(isLoopback(address)).toBe(true);
    },
  );

  test.each([
    '0.0.0.0',
    '10.0.0.1',
    '128.0.0.1',
    '::',
    '::2',
    '::ffff:10.0.0.1',
    'localhost',
    '',
    '127.1',
    undefined,
  ])('is false of %s', (address) => {
    expect(isLoopback(address)).toBe(false);
  });

  test.each([
    ['127.0.0.1:4711', true],
    ['::1:4711', true],
    ['::ffff:127.0.0.1:4711', true],
    ['10.0.0.1:4711', false],
    ['fe80::1:4711', false],
    ['unknown', false],
    ['', false],
  ])('says of the peer %s: %s', (peer, loopback) => {
    expect(isLoopbackPeer(peer)).toBe(loopback);
  });
});
