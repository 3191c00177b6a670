import { verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  generateKey,
  keyObjectOf,
  publicJwk,
  readPublicKey,
  readSigningKey,
  verifyingKey,
} from '../../../services/bundles/signature/keys.ts';

/** RFC 8037, appendices A.1 to A.4. */
const RFC_8037 = {
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  thumbprint: 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  input: 'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc',
  signature: 'hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
};

const jwk = (changes: object = {}) => JSON.stringify({ ...publicJwk(readPublicKey(PUBLIC)), ...changes });
const PUBLIC = JSON.stringify({ kty: 'OKP', crv: 'Ed25519', x: RFC_8037.x });

test('the key of RFC 8037 has the thumbprint that the RFC gives, and verifies its signature', () => {
  const key = readSigningKey(JSON.stringify({ kty: 'OKP', crv: 'Ed25519', d: RFC_8037.d, x: RFC_8037.x }));

  expect(key).toMatchObject({ id: RFC_8037.thumbprint, x: RFC_8037.x });
  const signature = Buffer.from(RFC_8037.signature, 'base64url');
  expect(verify(null, Buffer.from(RFC_8037.input), keyObjectOf(key), signature)).toBe(true);
});

test('a key that was made is read again, the public part of it too', () => {
  const made = generateKey();
  const { d: _, ...open } = made;

  expect(readSigningKey(JSON.stringify(made))).toMatchObject({ id: made.kid, x: made.x });
  expect(publicJwk(readPublicKey(JSON.stringify(open)))).toEqual(open);
});

test('what a JWK says beyond what is known of it is ignored, as other tools write it', () => {
  expect(readPublicKey(jwk({ key_ops: ['verify'], ext: true })).id).toBe(RFC_8037.thumbprint);
});

describe('no key is read from', () => {
  test.each<readonly [what: string, text: string, reason: RegExp]>([
    ['what is not JSON', '-----BEGIN PUBLIC KEY-----', /not JSON/],
    ['a list', '[]', /JSON object/],
    ['another kind of key', jwk({ kty: 'EC' }), /kty is not OKP/],
    ['another curve', jwk({ crv: 'X25519' }), /crv is not Ed25519/],
    ['a key for encryption', jwk({ use: 'enc' }), /use is not sig/],
    ['a key for another algorithm', jwk({ alg: 'HS256' }), /alg is not EdDSA/],
    ['a key by another’s name', jwk({ kid: generateKey().kid }), /kid is not the thumbprint/],
    ['a private key', JSON.stringify(generateKey()), /palisade keys public/],
    ['a key without x', '{"kty":"OKP","crv":"Ed25519"}', /x is missing/],
    ['a key that is too short', jwk({ x: 'AAAA' }), /32 bytes/],
    ['a key in padded base64', jwk({ x: `${RFC_8037.x}=` }), /32 bytes/],
    ['a key of another spelling', jwk({ x: `${RFC_8037.x.slice(0, -1)}p` }), /32 bytes/],
  ])('%s', (_what, text, reason) => {
    expect(() => readPublicKey(text)).toThrow(reason);
  });
});

test.each([
  ['a public key', { d: undefined }, /needs the private one/],
  ['a secret that is too short', { d: 'AAAA' }, /d is not 32 bytes/],
  ['a secret of another key', { d: generateKey().d, kid: undefined }, /x is not the public key of d/],
])('nothing is signed with %s', (_what, changes, reason) => {
  const text = JSON.stringify({ ...generateKey(), ...changes });

  expect(() => readSigningKey(text)).toThrow(reason);
});

test('a private key that cannot be read is not quoted', () => {
  const { d } = generateKey();
  const thrown = capture(() => readSigningKey(`{"d":"${d}","d":"${d}"}`));

  expect(String(thrown)).not.toContain(d);
  expect(String((thrown as Error).cause)).not.toContain(d);
});

describe('points of small order', () => {
  /** All of order 1, 2, 4 and 8 (RFC 7748's curve in the form of RFC 8032), and the spellings of some that are not reduced. */
  const SMALL = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000080',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ];

  test.each(SMALL)('%s is no key', (hex) => {
    expect(() => verifyingKey(Buffer.from(hex, 'hex').toString('base64url'))).toThrow(
      /without a private key/,
    );
  });
});

function capture(body: () => unknown): unknown {
  try {
    return body();
  } catch (thrown) {
    return thrown;
  }
}
