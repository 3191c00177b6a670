import { expect, test } from 'vitest';
import { findKey, keepReply, releaseKeys } from '../../../services/store/idempotency/keys.ts';
import type { LimitUse } from '../../../services/store/limits/uses.ts';
import { sweepOutcomes } from '../../../services/store/outcomes/sweep.ts';
import { type KeyPart, settleDecision } from '../../../services/store/settlement.ts';
import { calendar, decision, type LimitDatabase, use, withLimits } from '../limits/support.ts';
import { state } from '../outcomes/support.ts';

const PERIOD_MS = 600_000;
const [ONE, OTHER] = ['1', '2'].map((digit) => digit.repeat(64)) as [string, string];
const WHOSE = { store: 'default', subject: 'tester', key: 'k' };

/** Settles a decision under a key. @returns its id and what came of it. */
async function ask(
  { serving }: Pick<LimitDatabase, 'serving'>,
  { uses = [], digest = ONE, key = 'k', subject = 'tester' }: Partial<Wanted> = {},
) {
  const part: KeyPart = { key, digest, period: `${PERIOD_MS} milliseconds` };
  const { deadline: _, ...wanted } = decision(...uses);
  const { outcome } = await settleDecision(serving, { ...wanted, subject, store: 'default', key: part });

  return { id: wanted.decisionId, outcome };
}

interface Wanted {
  readonly uses: readonly LimitUse[];
  readonly digest: string;
  readonly key: string;
  readonly subject: string;
}

const found = ({ serving }: LimitDatabase, whose = WHOSE) => findKey(serving, whose, PERIOD_MS);

test('a key is for the first decision that claims it, of its credential, and tells its reply once that is kept', async () => {
  await withLimits({}, async (database) => {
    const first = await ask(database);
    expect(first.outcome).toBe('settled');
    expect((await ask(database)).outcome).toBe('key_taken');
    expect((await ask(database, { digest: OTHER })).outcome).toBe('key_taken');
    expect((await ask(database, { key: 'K' })).outcome).toBe('settled');
    expect((await ask(database, { subject: 'somebody' })).outcome).toBe('settled');

    expect(await found(database)).toEqual({ digest: ONE, reply: undefined });
    await keepReply(database.serving, first.id, '{"a":"\\u0000"}');
    await keepReply(database.serving, first.id, 'another');
    expect(await found(database)).toEqual({ digest: ONE, reply: '{"a":"\\u0000"}' });
    expect(await found(database, { ...WHOSE, subject: 'nobody' })).toBeUndefined();
  });
});

test('what limits have no room for leaves the key free, and a key that is taken leaves the limits', async () => {
  await withLimits({ b: calendar('day') }, async (database) => {
    expect((await ask(database, { uses: [use('b', 5, 6)] })).outcome).toBe('over_limit');
    expect(await found(database)).toBeUndefined();
    expect((await ask(database, { uses: [use('b', 5, 2)] })).outcome).toBe('settled');
    expect((await ask(database, { uses: [use('b', 5, 2)] })).outcome).toBe('key_taken');

    expect(await state(database)).toEqual(['b 2/1']);
  });
});

test('of 40 that claim it at once, over several connections, one has the key and is counted', async () => {
  await withLimits({ b: calendar('day') }, async (database) => {
    const asked = await Promise.all(
      Array.from({ length: 40 }, () => ask(database, { uses: [use('b', 99, 1)] })),
    );

    expect(asked.filter(({ outcome }) => outcome === 'settled')).toHaveLength(1);
    expect(asked.filter(({ outcome }) => outcome === 'key_taken')).toHaveLength(39);
    expect(await state(database)).toEqual(['b 1/1']);
  });
});

test('a decision that was never made gives its key back, and one whose reply is kept does not', async () => {
  await withLimits({}, async (database) => {
    const lost = await ask(database);
    const made = await ask(database, { key: 'made' });
    await keepReply(database.serving, made.id, 'told');
    await releaseKeys(database.serving, [lost.id, made.id]);

    expect((await ask(database, { digest: OTHER })).outcome).toBe('settled');
    expect(await found(database, { ...WHOSE, key: 'made' })).toMatchObject({ reply: 'told' });
  });
});

test('a key is free after its time, and a late reply of the decision before is not kept under it', async () => {
  await withLimits({}, async (database) => {
    const { serving, setClock } = database;
    await setClock('2026-11-29T10:00:00Z');
    const before = await ask(database);
    await setClock('2026-11-29T10:09:59Z');
    expect((await ask(database, { digest: OTHER })).outcome).toBe('key_taken');
    await setClock('2026-11-29T10:10:00Z');
    expect(await found(database)).toBeUndefined();
    expect((await ask(database, { digest: OTHER })).outcome).toBe('settled');
    await keepReply(serving, before.id, 'late');

    expect(await found(database)).toEqual({ digest: OTHER, reply: undefined });
    await setClock('2026-11-29T10:20:00Z');
    await sweepOutcomes(serving, { periodMs: 1, ageMs: 1, keyMs: PERIOD_MS });
    expect((await serving.query('select from idempotency_keys')).rows).toEqual([]);
  });
});

test('a clock that goes back frees no key', async () => {
  await withLimits({}, async (database) => {
    await database.setClock('2026-11-29T10:00:00Z');
    await ask(database);
    await database.setClock('2026-11-29T09:00:00Z');

    expect((await ask(database)).outcome).toBe('key_taken');
    expect(await found(database)).toEqual({ digest: ONE, reply: undefined });
  });
});
