import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSignedBy, parseSignature, signStatement } from '../../../services/bundles/signature/jws.ts';
import { publicJwk } from '../../../services/bundles/signature/keys.ts';
import { LAST_SECOND, type Statement } from '../../../services/bundles/signature/statement.ts';
import { aStatement, craft, HEADER, NOW, newKey, PAYLOAD } from './craft.ts';

const key = newKey();
const header = HEADER(key);
const good = signStatement(aStatement(), key);
const [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.');
const base64url = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/);
const statements: fc.Arbitrary<Statement> = fc
  .record({
    digest: fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256:${hex}`),
    bundle: name,
    store: name,
    times: fc.uniqueArray(fc.integer({ min: 0, max: LAST_SECOND }), { minLength: 2, maxLength: 2 }),
  })
  .map(({ times, ...rest }) => {
    const [issuedAt = 0, expiresAt = 1] = times.toSorted((a, b) => a - b);

    return { ...rest, issuedAt, expiresAt };
  });

test('what is signed is read again, and is signed by that key and by no other', () => {
  const other = newKey();

  fc.assert(
    fc.property(statements, (statement) => {
      const signature = parseSignature(signStatement(statement, key));

      expect(signature).toMatchObject({ statement, keyId: key.id });
      expect(isSignedBy(signature, key)).toBe(true);
      expect(isSignedBy(signature, other)).toBe(false);
      expect(isSignedBy(signature, { ...other, id: key.id })).toBe(false);
    }),
  );
});

test('the same statement by the same key is the same text', () => {
  expect(signStatement(aStatement(), key)).toBe(good);
  expect(craft(key, header, PAYLOAD)).toBe(good);
});

test('no character of a signature can be another one', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n';

  for (let at = 0; at < good.length; at++) {
    // The neighbour in the alphabet differs in the lowest bit, which the last character of a part may not use.
    const instead = alphabet[(alphabet.indexOf(good[at] ?? '') ^ 1) % alphabet.length] ?? '';
    expect(holds(good.slice(0, at) + instead + good.slice(at + 1)), `at ${at}`).toBe(false);
  }
});

test('no byte of its parts can be changed, removed or added', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(0, 1, 2),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom('change', 'remove', 'add'),
      (which, position, mask, how) => {
        const parts = good.split('.').map((part) => Buffer.from(part, 'base64url'));
        const bytes = parts[which] ?? Buffer.alloc(0);
        const at = position % bytes.length;
        parts[which] = Buffer.concat([
          bytes.subarray(0, at),
          how === 'remove' ? Buffer.alloc(0) : Buffer.from([(bytes[at] ?? 0) ^ mask]),
          bytes.subarray(how === 'add' ? at : at + 1),
        ]);

        expect(holds(parts.map(base64url).join('.'))).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});

describe('a hostile signature is refused', () => {
  const swapped = craft(newKey(), header, PAYLOAD);
  const hmac = `${base64url(JSON.stringify({ ...header, alg: 'HS256' }))}.${goodPayload}`;
  const digest = `sha256:${'a'.repeat(64)}`;

  test.each<readonly [what: string, text: string, reason: RegExp]>([
    ['empty', '', /compact JWS/],
    ['of two parts', `${goodHeader}.${goodPayload}`, /compact JWS/],
    ['of four parts', `${good}.${goodSignature}`, /compact JWS/],
    ['without a signature', `${goodHeader}.${goodPayload}.`, /compact JWS/],
    ['with a detached payload', `${goodHeader}..${goodSignature}`, /compact JWS/],
    ['in JSON serialization', JSON.stringify({ payload: goodPayload, signatures: [] }), /compact JWS/],
    ['with a line break', `${good}\n`, /compact JWS/],
    ['with padding', `${good}==`, /compact JWS/],
    ['in base64', good.replace('.', '+.'), /compact JWS/],
    ['with bits beyond the last byte', `${goodHeader}.${goodPayload}.${'A'.repeat(85)}B`, /one spelling/],
    ['too long', `${good}${'A'.repeat(1_024)}`, /signature_bytes \(1024\)/],
    ['of a short signature', `${goodHeader}.${goodPayload}.AAAA`, /64 bytes/],
    ['of a long signature', `${good}AAAA`, /64 bytes/],

    ['whose alg is none', craft(key, { ...header, alg: 'none' }, PAYLOAD), /alg is not EdDSA/],
    [
      'made by HMAC with the public key',
      `${hmac}.${base64url(createHmac('sha512', Buffer.from(key.x, 'base64url')).update(hmac).digest())}`,
      /alg is not EdDSA/,
    ],
    ['whose alg is in lower case', craft(key, { ...header, alg: 'eddsa' }, PAYLOAD), /alg is not EdDSA/],
    ['whose alg is missing', craft(key, { kid: key.id, typ: header['typ'] }, PAYLOAD), /alg is not EdDSA/],
    ['whose alg is a list', craft(key, { ...header, alg: ['EdDSA'] }, PAYLOAD), /alg is not EdDSA/],
    ['of another typ', craft(key, { ...header, typ: 'JWT' }, PAYLOAD), /typ is not palisade-bundle\+jws/],
    ['without typ', craft(key, { alg: 'EdDSA', kid: key.id }, PAYLOAD), /typ is not/],
    ['without kid', craft(key, { alg: 'EdDSA', typ: header['typ'] }, PAYLOAD), /kid is not the thumbprint/],
    ['whose kid is a path', craft(key, { ...header, kid: '../../etc/passwd' }, PAYLOAD), /kid is not/],
    ['that brings its key', craft(key, { ...header, jwk: publicJwk(key) }, PAYLOAD), /header has "jwk"/],
    ['that says where its key is', craft(key, { ...header, jku: 'https://a.example/' }, PAYLOAD), /"jku"/],
    ['that brings a certificate', craft(key, { ...header, x5c: ['MII='] }, PAYLOAD), /"x5c"/],
    ['with a critical extension', craft(key, { ...header, crit: ['exp'], exp: 1 }, PAYLOAD), /"crit"/],
    ['with an unencoded payload', craft(key, { ...header, b64: false }, PAYLOAD), /"b64"/],
    ['with a content type', craft(key, { ...header, cty: 'json' }, PAYLOAD), /"cty"/],
    ['whose header is a list', craft(key, [header], PAYLOAD), /header is not a JSON object/],
    ['whose header is no JSON', craft(key, '{', PAYLOAD), /header is not read/],
    [
      'whose header names alg twice',
      craft(key, `{"alg":"none",${JSON.stringify(header).slice(1)}`, PAYLOAD),
      /header.*repeated/,
    ],
    [
      'whose header names alg twice, once escaped',
      craft(key, `{"\\u0061lg":"none",${JSON.stringify(header).slice(1)}`, PAYLOAD),
      /header.*repeated/,
    ],
    [
      'whose header has a prototype',
      craft(key, `{"__proto__":{},${JSON.stringify(header).slice(1)}`, PAYLOAD),
      /__proto__/,
    ],
    ['whose header is not UTF-8', craft(key, Buffer.from([0x7b, 0xff, 0x7d]), PAYLOAD), /UTF-8/],

    ['whose payload is a text', craft(key, header, '"deploy it"'), /payload is not a JSON object/],
    ['with a payload too deep', craft(key, header, '['.repeat(64)), /json_depth/],
    ['with another member', craft(key, header, { ...PAYLOAD, version: '1' }), /payload has "version"/],
    ['without a digest', craft(key, header, { ...PAYLOAD, digest: undefined }), /no digest/],
    [
      'of a digest in upper case',
      craft(key, header, { ...PAYLOAD, digest: digest.toUpperCase() }),
      /no digest/,
    ],
    ['of a digest with a line break', craft(key, header, { ...PAYLOAD, digest: `${digest}\n` }), /no digest/],
    [
      'of a digest by another hash',
      craft(key, header, { ...PAYLOAD, digest: `md5:${'a'.repeat(32)}` }),
      /no digest/,
    ],
    ['for every store', craft(key, header, { ...PAYLOAD, store: '*' }), /no store/],
    ['for two stores', craft(key, header, { ...PAYLOAD, store: ['a', 'b'] }), /no store/],
    ['without a bundle', craft(key, header, { ...PAYLOAD, bundle: null }), /no bundle/],
    ['without an end', craft(key, header, { ...PAYLOAD, exp: undefined }), /no exp/],
    ['whose end is a text', craft(key, header, { ...PAYLOAD, exp: `${NOW + 60}` }), /no exp/],
    ['whose end is a fraction', craft(key, header, { ...PAYLOAD, exp: NOW + 0.5 }), /no exp/],
    [
      'whose end is infinite',
      craft(key, header, JSON.stringify(PAYLOAD).replace(`${NOW + 86_400}`, '1e999')),
      /out of range/,
    ],
    ['whose end no calendar has', craft(key, header, { ...PAYLOAD, exp: LAST_SECOND + 1 }), /no exp/],
    ['that ends before it begins', craft(key, header, { ...PAYLOAD, exp: NOW - 61 }), /not after its iat/],
    ['that begins before time', craft(key, header, { ...PAYLOAD, iat: -1 }), /no iat/],
    [
      'that names its store twice',
      craft(key, header, `${JSON.stringify(PAYLOAD).slice(0, -1)},"store":"other"}`),
      /payload.*repeated/,
    ],
  ])('%s', (_what, text, reason) => {
    expect(() => parseSignature(text)).toThrow(reason);
  });

  test('made by another key under this one’s name', () => {
    expect(isSignedBy(parseSignature(swapped), key)).toBe(false);
  });

  test('whose scalar is not reduced, so that it is a second text of the same signature', () => {
    const bytes = Buffer.from(goodSignature, 'base64url');
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order;
    bytes.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(), 32);

    expect(holds(`${goodHeader}.${goodPayload}.${base64url(bytes)}`)).toBe(false);
  });
});

/** Whether a text is taken for a signature of the key. */
function holds(text: string): boolean {
  try {
    return isSignedBy(parseSignature(text), key);
  } catch {
    return false;
  }
}
