import { describe, expect, test } from 'vitest';
import {
  authenticateAnonymous,
  authenticateToken,
  credentialDirectory,
} from '../../services/pdp/credentials.ts';
import { createToken } from '../../services/pdp/token.ts';
import type { ActiveCredential } from '../../services/store/credentials.ts';

const NOW = Date.UTC(2026, 10, 22, 10);
const UNAUTHENTICATED = expect.objectContaining({
  code: 'unauthenticated',
  message: 'this credential is unknown, revoked or expired',
});

function credentialOf(changes: Partial<ActiveCredential> = {}): {
  token: string;
  credential: ActiveCredential;
} {
  const { token, credentialId, secretHash } = createToken();
  const credential = {
    id: credentialId,
    name: 'build-runtime',
    roles: ['runtime'] as const,
    stores: ['default', 'other'],
    principals: [{ type: 'Agent', ids: ['a'] }],
    fullDetail: true,
    secretHash,
    createdBy: 'test',
    expiresAt: null,
    createdAt: new Date(NOW - 1_000),
    revokedAt: null,
    ...changes,
  };

  return { token, credential };
}

describe('authenticateToken()', () => {
  test('gives the caller everything that its credential says, and its name as subject', () => {
    const { token, credential } = credentialOf();

    expect(authenticateToken(credentialDirectory([credential]), token, NOW)).toEqual({
      subject: 'build-runtime',
      credential_id: credential.id,
      roles: ['runtime'],
      stores: ['default', 'other'],
      principals: [{ type: 'Agent', ids: ['a'] }],
      full_detail: true,
    });
  });

  test('says the same of an unknown, a malformed, a foreign and an expired token', () => {
    const { token, credential } = credentialOf();
    const { token: foreign } = credentialOf();
    const expired = credentialOf({ expiresAt: new Date(NOW) });
    const directory = credentialDirectory([credential, expired.credential]);
    const swapped = `pal_${credential.id}_${foreign.slice(-43)}`;

    for (const refused of ['', 'pal_', token.slice(0, -1), foreign, swapped, expired.token]) {
      expect(() => authenticateToken(directory, refused, NOW)).toThrow(UNAUTHENTICATED);
    }
  });

  test('is good until the moment of its expiry, and not at it', () => {
    const { token, credential } = credentialOf({ expiresAt: new Date(NOW) });
    const directory = credentialDirectory([credential]);

    expect(authenticateToken(directory, token, NOW - 1)).toMatchObject({ subject: 'build-runtime' });
    expect(() => authenticateToken(directory, token, NOW)).toThrow(UNAUTHENTICATED);
  });

  test('refuses every token where there is no credential at all', () => {
    expect(() => authenticateToken(new Map(), credentialOf().token, NOW)).toThrow(UNAUTHENTICATED);
  });
});

describe('authenticateAnonymous()', () => {
  test('lets in nobody but who comes over loopback where that is on', () => {
    expect(authenticateAnonymous(true, true)).toEqual({
      subject: 'anonymous',
      credential_id: undefined,
      roles: ['anonymous'],
      stores: ['default'],
      principals: undefined,
      full_detail: false,
    });
    for (const [loopback, allowed] of [
      [true, false],
      [false, true],
      [false, false],
    ] as const) {
      expect(() => authenticateAnonymous(loopback, allowed)).toThrow(
        expect.objectContaining({ code: 'unauthenticated' }),
      );
    }
  });
});
