import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { genesis, linkedText, positionAfter, recordHash } from '../../services/ledger/chain.ts';
import type { JsonValue } from '../../services/ledger/json.ts';
import { type RecordEntry, readRecord } from '../../services/ledger/record.ts';
import { recordHead } from '../../services/ledger/record-text.ts';
import { decision, refusal } from './support/entries.ts';

const OWNER = { process_id: 'serve-1', boot_id: '6f1c1b0e-0000-4000-8000-000000000000' };

const text = fc.string({ unit: 'grapheme' });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const uid = fc.record({ type: text, id: text });
const values: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    text,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
})).value;
const named = fc.dictionary(text, values, { maxKeys: 3 });

const decisions: fc.Arbitrary<RecordEntry> = fc
  .record({
    store: text,
    request_id: text,
    principal: uid,
    resource: uid,
    message: text,
    determining: fc.array(text),
    policy_codes: fc.array(text),
    obligations: fc.array(fc.record({ id: text, params: fc.dictionary(text, text, { maxKeys: 2 }) })),
    alternatives: fc.array(text),
    policy_errors: fc.array(fc.record({ policy_id: text, message: text })),
    facts: named,
    disclosed: named,
    state_sequence: uint64,
    approval: fc.option(fc.record({ approval_id: fc.constant(OWNER.boot_id), status: text }), {
      nil: undefined,
    }),
  })
  .chain(({ approval, ...changes }) =>
    fc
      .record({ run_refusal: fc.constantFrom(undefined, 'ended'), labels_taken: fc.array(text) })
      .map(({ run_refusal, labels_taken }) =>
        decision({
          ...changes,
          ...(approval && { approval }),
          ...(run_refusal && { run_refusal }),
          ...(labels_taken[0] && { labels_taken }),
        }),
      ),
  );
const refusals: fc.Arbitrary<RecordEntry> = fc
  .record({ store: fc.option(text), principal: fc.option(uid), request_id: text })
  .map((changes) => refusal(changes));

const credential = fc.record({ id: text, name: text });
const changes: fc.Arbitrary<RecordEntry> = fc
  .record({
    store: fc.option(text),
    action: text,
    author: text,
    reason: text,
    sequence: fc.option(uint64),
    admin: fc.option(
      fc.record({
        credential: credential,
        database_role: text,
        good_before: fc.array(credential),
        revoked: fc.array(credential),
      }),
    ),
    evaluator: fc.option(
      fc.record({
        digest: fc.constant(`sha256:${'a'.repeat(64)}`),
        decision_id: fc.constant(OWNER.boot_id),
        process_id: text,
      }),
    ),
    entities: fc.option(
      fc.record({
        sequence: uint64,
        put: uint64,
        deleted: uint64,
        uids: fc.array(fc.record({ type: text, id: text })),
      }),
    ),
    approval: fc.option(
      fc.record({
        approval_id: fc.constant(OWNER.boot_id),
        person: fc.record({ type: text, id: text }),
        request_digest: fc.constant(`sha256:${'a'.repeat(64)}`),
        status: text,
      }),
    ),
  })
  .map(({ admin, evaluator, entities, approval, ...change }) => {
    const common = commonOf(refusal());
    const none = { approved_by: null, proposal_id: null, before: null, state: null };

    return {
      ...{ kind: 'change' as const, ...common, ...none, ...change },
      ...(admin !== null && { admin }),
      ...(evaluator !== null && { evaluator }),
      ...(entities !== null && { entities }),
      ...(approval !== null && { approval }),
    };
  });

const outcomes: fc.Arbitrary<RecordEntry> = fc
  .record({
    store: text,
    principal: uid,
    action: uid,
    resource: uid,
    result: fc.constantFrom('success' as const, 'failure' as const),
    cost: fc.dictionary(text, fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), { maxKeys: 3 }),
    input_tokens: fc.option(uint64),
    output_tokens: fc.option(uint64),
    duration_ms: fc.option(uint64),
    output_digest: fc.option(fc.constant(`sha256:${'a'.repeat(64)}`)),
  })
  .map(({ store, principal, action, resource, ...said }) => {
    const outcome = { of: OWNER.boot_id, ...said };

    return { kind: 'outcome', ...commonOf(decision()), store, principal, action, resource, outcome };
  });

const runs: fc.Arbitrary<RecordEntry> = fc
  .record({
    store: text,
    principal: uid,
    action: fc.constantFrom('start_run', 'end_run'),
    root_run_id: fc.constant(OWNER.boot_id),
    labels: fc.array(text),
    steps: uint64,
  })
  .map((run) => ({ ...commonOf(decision()), ...run, kind: 'run' }));

describe('the text of a record', () => {
  test('is read back as exactly what was recorded', () => {
    fc.assert(
      fc.property(fc.oneof(decisions, refusals, changes, outcomes, runs), (entry) => {
        const commitment = `hmac-sha256:${'0'.repeat(64)}`;
        const at = genesis(OWNER);
        const whole = linkedText(recordHead(entry, commitment), OWNER, at);

        expect(readRecord(whole)).toEqual({
          ...entry,
          record_version: 1n,
          commitment,
          process: { ...OWNER, seq: 0n, prev_hash: at.prevHash },
        });
        expect(positionAfter(at, Buffer.from(whole))).toEqual({ seq: 1, prevHash: recordHash(whole) });
      }),
    );
  });

  test('keeps a member that is named like a prototype', () => {
    const disclosed = JSON.parse('{"__proto__":{"__proto__":"kept"}}');
    const head = recordHead(decision({ disclosed }), null);
    const whole = linkedText(head, OWNER, genesis(OWNER));

    expect(readRecord(whole)).toHaveProperty('disclosed', disclosed);
  });

  test('holds 64-bit integers digit by digit', () => {
    const head = recordHead(decision({ state_sequence: 9_007_199_254_740_993n }), null);

    expect(head).toContain('"state_sequence":9007199254740993,');
    expect(head).toContain('"step":18446744073709551615,');
  });

  test('escapes what would end a line or a part of it', () => {
    const head = recordHead(decision({ message: 'a\tb\nc\0d' }), null);

    expect(head).not.toMatch(/[\t\n\0]/);
  });

  test('is refused where it has a member that the schema lacks', () => {
    const whole = linkedText(recordHead(decision(), null), OWNER, genesis(OWNER));

    expect(() => readRecord(whole.replace('{"record_version"', '{"extra":1,"record_version"'))).toThrow();
    expect(() => readRecord(whole.replace('"record_version":1', '"record_version":2'))).toThrow();
  });
});

describe('the beginning of a chain', () => {
  test('is another for each process and each start', () => {
    const heads = [
      genesis(OWNER),
      genesis({ ...OWNER, process_id: 'serve-2' }),
      genesis({ ...OWNER, boot_id: '6f1c1b0e-0000-4000-8000-000000000001' }),
    ];

    expect(new Set(heads.map(({ prevHash }) => prevHash)).size).toBe(3);
  });
});

/** What records of every kind have. */
function commonOf({ decision_id, time, transport, credential, request_id, run, mode, trace }: RecordEntry) {
  return { decision_id, time, transport, credential, request_id, run, mode, trace };
}
