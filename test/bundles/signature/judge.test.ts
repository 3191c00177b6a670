import { describe, expect, test } from 'vitest';
import {
  type Candidate,
  judgeSignature,
  judgeSignatures,
  type Requirement,
} from '../../../services/bundles/signature/judge.ts';
import { signStatement } from '../../../services/bundles/signature/jws.ts';
import type { SigningKey } from '../../../services/bundles/signature/keys.ts';
import type { Statement } from '../../../services/bundles/signature/statement.ts';
import { aStatement, NOW, NOW_MS, newKey } from './craft.ts';

const [ada, grace, alan] = [newKey(), newKey(), newKey()];
const CANDIDATE: Candidate = { store: 'markets', digest: aStatement().digest, name: 'coding-agent' };
const signed = (key: SigningKey, changes: Partial<Statement> = {}) => signStatement(aStatement(changes), key);
const judge = (threshold: number, keys: Requirement['keys'], texts: readonly string[], nowMs = NOW_MS) =>
  judgeSignatures({ threshold, keys }, texts, CANDIDATE, nowMs);

describe('n of m keys', () => {
  test('are enough once n of them signed', () => {
    expect(judge(2, [ada, grace, alan], [signed(ada)])).toMatchObject({
      satisfied: false,
      signed: [ada.id],
      missing: [grace.id, alan.id],
      until: undefined,
    });
    expect(judge(2, [ada, grace, alan], [signed(alan), signed(ada)])).toMatchObject({
      satisfied: true,
      signed: [ada.id, alan.id],
      missing: [grace.id],
    });
  });

  test('count each key once, however often it signs and however often it is listed', () => {
    const twice = [signed(ada), signed(ada, { expiresAt: NOW + 5 }), signed(ada)];

    expect(judge(2, [ada, grace], twice)).toMatchObject({ satisfied: false, signed: [ada.id] });
    expect(judge(2, [ada, ada], twice)).toMatchObject({ satisfied: false, signed: [ada.id] });
  });

  test('hold until the n-th of those that last longest expires', () => {
    const texts = [
      signed(ada, { expiresAt: NOW + 30 }),
      signed(ada, { expiresAt: NOW + 90 }),
      signed(grace, { expiresAt: NOW + 60 }),
      signed(alan, { expiresAt: NOW + 10 }),
    ];

    expect(judge(1, [ada, grace, alan], texts).until).toBe(NOW + 90);
    expect(judge(2, [ada, grace, alan], texts).until).toBe(NOW + 60);
    expect(judge(3, [ada, grace, alan], texts).until).toBe(NOW + 10);
    expect(judge(2, [ada, grace, alan], texts, NOW_MS + 59_999).satisfied).toBe(true);
    expect(judge(2, [ada, grace, alan], texts, NOW_MS + 60_000).satisfied).toBe(false);
  });

  test('are never satisfied by a threshold that is none', () => {
    expect(judge(0, [], []).satisfied).toBe(false);
    expect(judge(0, [ada], [signed(ada)]).satisfied).toBe(false);
    expect(judge(-1, [ada], [signed(ada)]).satisfied).toBe(false);
  });

  test('are satisfied although others sent what does not count', () => {
    expect(judge(1, [ada], ['', signed(grace), signed(ada), 'x.y.z'])).toMatchObject({
      satisfied: true,
      refused: [{ state: 'malformed' }, { state: 'unknown_key' }, { state: 'malformed' }],
    });
  });
});

test.each<readonly [what: string, text: string, state: string, reason: RegExp]>([
  ['that is no signature', 'x', 'malformed', /compact JWS/],
  ['by a key that is not required', signed(grace), 'unknown_key', new RegExp(grace.id)],
  [
    'by another key under the name of a required one',
    signStatement(aStatement(), { ...grace, id: ada.id }),
    'wrong_signature',
    /did not make it/,
  ],
  ['of another digest', signed(ada, { digest: `sha256:${'b'.repeat(64)}` }), 'foreign', /for the digest/],
  ['of another bundle', signed(ada, { bundle: 'receipts' }), 'foreign', /for the bundle receipts/],
  ['for another store', signed(ada, { store: 'default' }), 'foreign', /for the store default, not markets/],
  ['that expired', signed(ada, { expiresAt: NOW - 1 }), 'expired', /2026-11-28T11:59:59Z/],
  ['that expires now', signed(ada, { expiresAt: NOW }), 'expired', /expired/],
  [
    'made an hour in the future',
    signed(ada, { issuedAt: NOW + 3_600 }),
    'not_yet_valid',
    /3600 s in the future by the clock of this machine \(2026-11-28T12:00:00Z\)/,
  ],
  ['made a minute and a second in the future', signed(ada, { issuedAt: NOW + 61 }), 'not_yet_valid', /clock/],
])('a signature %s does not count, and why is said', (_what, text, state, reason) => {
  const judged = judgeSignature([ada], text, CANDIDATE, NOW_MS);

  expect(judged.state).toBe(state);
  expect(judged.reason).toMatch(reason);
  expect(judge(1, [ada], [text]).satisfied).toBe(false);
});

test('a verdict that is remembered is that of the same key and the same text alone', () => {
  const text = signed(ada);
  const other = signed(ada, { expiresAt: NOW + 7 });
  const forged = `${other.slice(0, other.lastIndexOf('.'))}${text.slice(text.lastIndexOf('.'))}`;

  for (let time = 0; time < 2; time++) {
    expect(judgeSignature([ada], text, CANDIDATE, NOW_MS).state).toBe('valid');
    expect(judgeSignature([{ ...grace, id: ada.id }], text, CANDIDATE, NOW_MS).state).toBe('wrong_signature');
    expect(judgeSignature([ada], forged, CANDIDATE, NOW_MS).state).toBe('wrong_signature');
  }
});

test('a clock that is a minute ahead does no harm', () => {
  expect(judgeSignature([ada], signed(ada, { issuedAt: NOW + 60 }), CANDIDATE, NOW_MS).state).toBe('valid');
});
