import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { authenticateCertificate } from '../../services/pdp/authenticate-certificate.ts';
import { authenticateToken, credentialDirectory } from '../../services/pdp/credentials.ts';
import { clientCertificateOf } from '../../services/pdp/tls/client-certificate.ts';
import type { ActiveCredential } from '../../services/store/credentials.ts';
import { aCredential } from '../store/samples.ts';
import { issue, newKey } from '../support/x509.ts';

const BUILD = 'URI:spiffe://example.org/agents/build';
const certificateOf = (names: readonly string[], key = newKey()) =>
  clientCertificateOf(new X509Certificate(issue({ names, key }).cert));

function boundTo(certificateSan: string, changes: Partial<ActiveCredential> = {}): ActiveCredential {
  const made = { ...aCredential(), createdAt: new Date(0), revokedAt: null };

  return { ...made, name: certificateSan.slice(4), secretHash: null, certificateSan, ...changes };
}

const authenticate = (certificate: ReturnType<typeof certificateOf>, ...credentials: ActiveCredential[]) =>
  authenticateCertificate(credentialDirectory(credentials), certificate, undefined, Date.now());
const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'unauthenticated', message: expect.stringMatching(message) });

test('the caller is all that the credential says', () => {
  const credential = boundTo(BUILD, { roles: ['author'], stores: ['a'], ratePerSecond: 5, burst: 7 });

  expect(authenticate(certificateOf([BUILD]), credential)).toMatchObject({
    subject: credential.name,
    credential_id: credential.id,
    roles: ['author'],
    stores: ['a'],
    rate_limit: { rate_per_second: 5, burst: 7 },
  });
});

test('a certificate that names several credentials is none of them', () => {
  const both = certificateOf([BUILD, 'DNS:build.example']);

  expect(() => authenticate(both, boundTo(BUILD), boundTo('DNS:build.example'))).toThrow(refusal(/several/));
  expect(authenticate(both, boundTo('DNS:build.example'))).toMatchObject({ subject: 'build.example' });
});

test('a credential of one key is proved by that key alone, across renewals', () => {
  const key = newKey();
  const credential = boundTo(BUILD, { certificateKey: certificateOf([], key).publicKey });

  expect(authenticate(certificateOf([BUILD], key), credential)).toMatchObject({
    credential_id: credential.id,
  });
  expect(authenticate(certificateOf(['DNS:a', BUILD], key), credential)).toBeDefined();
  expect(() => authenticate(certificateOf([BUILD]), credential)).toThrow(
    refusal(/unknown, revoked or expired/),
  );
});

test('names are the same or not: neither a part, nor a wildcard, nor another kind', () => {
  for (const name of [
    `${BUILD}/x`,
    BUILD.slice(0, -1),
    BUILD.toUpperCase().replace('URI:', 'URI:'),
    'DNS:*.example',
  ]) {
    expect(() => authenticate(certificateOf([name]), boundTo(BUILD), boundTo('DNS:a.example'))).toThrow(
      refusal(/no credential is bound/),
    );
  }
});

test('no token proves a credential that a certificate proves', () => {
  const credential = boundTo(BUILD, { id: 'a'.repeat(16) });

  expect(() =>
    authenticateToken(
      credentialDirectory([credential]),
      `pal_${credential.id}_${'A'.repeat(43)}`,
      Date.now(),
    ),
  ).toThrow(refusal(/unknown, revoked or expired/));
});
