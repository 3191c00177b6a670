import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createToken, hashSecret, matchesHash, parseToken } from '../../services/pdp/token.ts';

describe('createToken()', () => {
  test('makes a token that names its credential and proves it against the hash alone', () => {
    const { token, credentialId, secretHash } = createToken();

    expect(parseToken(token)).toEqual({ credentialId, secret: token.slice(-43) });
    expect(matchesHash(token.slice(-43), secretHash)).toBe(true);
    expect(secretHash.toString('hex')).not.toContain(token.slice(-43));
  });

  test('never makes the same id or secret twice', () => {
    const tokens = Array.from({ length: 1_000 }, createToken);

    expect(new Set(tokens.map(({ credentialId }) => credentialId)).size).toBe(1_000);
    expect(new Set(tokens.map(({ token }) => token.slice(-43))).size).toBe(1_000);
  });
});

describe('parseToken()', () => {
  const { token } = createToken();

  test.each([
    ['nothing', ''],
    ['another prefix', token.replace('pal_', 'sk_')],
    ['a shorter secret', token.slice(0, -1)],
    ['a longer secret', `${token}A`],
    ['a line break at the end', `${token}\n`],
    ['a space before', ` ${token}`],
    ['an upper-case id', token.replace(/_[0-9a-f]{16}_/, '_ABCDEFABCDEFABCD_')],
    ['a letter outside base64url', `${token.slice(0, -1)}+`],
    ['two tokens', token + token],
  ])('reads nothing from %s', (_what, text) => {
    expect(parseToken(text)).toBeUndefined();
  });

  test('reads no other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseToken(text)).toBeUndefined();
      }),
    );
  });
});

describe('matchesHash()', () => {
  test('is true of the secret alone', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (kept, presented) => {
        expect(matchesHash(presented, hashSecret(kept))).toBe(kept === presented);
      }),
    );
  });

  test.each([0, 31, 33])('is false of a hash of %d bytes', (length) => {
    const hash = Buffer.concat([hashSecret('secret'), Buffer.alloc(1)]).subarray(0, length);

    expect(matchesHash('secret', hash)).toBe(false);
  });
});
