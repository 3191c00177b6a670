import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { DecisionEntry } from '../../../services/ledger/record.ts';
import { NO_ENTITIES, type StoreEntities } from '../../../services/pdp/entities/store-entities.ts';
import type { Judgement, VerificationCase } from '../../../services/pdp/verify/messages.ts';
import {
  createVerifier,
  type Verifier,
  type VerifierOptions,
} from '../../../services/pdp/verify/verifier.ts';
import { createLog } from '../../../services/telemetry/log.ts';
import { decision, INPUT } from '../../ledger/support/entries.ts';

const EQUAL: Judgement = { kind: 'equal' };
const compiled = (changes: Partial<DecisionEntry> = {}) =>
  decision({ evaluator: { name: 'compiled', cedar_version: '4.13.0' }, ...changes });

function verifierOf(options: Partial<VerifierOptions> = {}): Verifier {
  return createVerifier({
    share: 1,
    judge: () => Promise.resolve(EQUAL),
    onDifference: () => undefined,
    log: createLog('silent'),
    ...options,
  });
}

async function judged(verifier: Verifier, count: number): Promise<void> {
  await vi.waitFor(() => {
    const { verified, unverified } = verifier.stats();
    expect(verified + unverified).toBe(count);
  });
}

describe('sampling', () => {
  test('hands over what the record says, and nothing before the caller goes on', async () => {
    const judge = vi.fn((_one: VerificationCase, _held: StoreEntities) => Promise.resolve(EQUAL));
    const verifier = verifierOf({ judge });
    const entry = compiled({ policy_errors: [{ policy_id: 'fails', message: 'why' }] });
    verifier.sample(entry, INPUT, NO_ENTITIES);
    expect(judge).not.toHaveBeenCalled();

    await judged(verifier, 1);
    expect(judge.mock.calls).toEqual([
      [
        {
          digest: entry.bundle.digest,
          input: INPUT,
          facts: '{"now":{"__extn":{"fn":"datetime","arg":"2026-11-22T10:00:00.000Z"}}}',
          served: { decision: 'deny', determining: ['no-push-to-main'], failing: ['fails'] },
        },
        NO_ENTITIES,
      ],
    ]);
  });

  test('takes none at a share of 0, and none that Cedar decided', async () => {
    const judge = vi.fn(() => Promise.resolve(EQUAL));
    const none = verifierOf({ share: 0, judge });
    const byCedar = verifierOf({ judge });
    for (let count = 0; count < 1_000; count += 1) {
      none.sample(compiled(), INPUT, NO_ENTITIES);
      byCedar.sample(decision(), INPUT, NO_ENTITIES);
    }

    await turn();
    expect(judge).not.toHaveBeenCalled();
    expect(none.stats()).toEqual({ verified: 0, unverified: 0, differences: new Map() });
  });

  test('takes about as many as it should', async () => {
    const verifier = verifierOf({ share: 0.1 });
    const entry = compiled();
    for (let count = 0; count < 10_000; count += 1) {
      verifier.sample(entry, INPUT, NO_ENTITIES);
      if (count % 100 === 0) await turn();
    }

    await turn();
    const { verified, unverified } = verifier.stats();
    expect(verified + unverified).toBeGreaterThan(700);
    expect(verified + unverified).toBeLessThan(1_300);
  });
});

describe('what is sampled', () => {
  test('is judged one after the other', async () => {
    let open = 0;
    const verifier = verifierOf({
      judge: async () => {
        open += 1;
        expect(open).toBe(1);
        await turn();
        open -= 1;

        return EQUAL;
      },
    });
    for (let count = 0; count < 10; count += 1) verifier.sample(compiled(), INPUT, NO_ENTITIES);

    await judged(verifier, 10);
    expect(verifier.stats().verified).toBe(10);
  });

  test.each<[string, number, string, number]>([
    ['64 wait', 1_000, INPUT, 64],
    ['4 Mi characters wait', 50, 'x'.repeat(1024 * 1024), 4],
  ])('is dropped and counted once %s', async (_what, sampled, input, room) => {
    const verifier = verifierOf();
    for (let count = 0; count < sampled; count += 1) verifier.sample(compiled(), input, NO_ENTITIES);

    await judged(verifier, sampled);
    expect(verifier.stats()).toMatchObject({ verified: room, unverified: sampled - room });
    verifier.sample(compiled(), input, NO_ENTITIES);
    await judged(verifier, sampled + 1);
    expect(verifier.stats()).toMatchObject({ verified: room + 1 });
  });

  test('counts as unverified where judging failed', async () => {
    const verifier = verifierOf({ judge: () => Promise.resolve({ kind: 'failed', problem: 'a trap' }) });
    verifier.sample(compiled(), INPUT, NO_ENTITIES);

    await judged(verifier, 1);
    expect(verifier.stats()).toEqual({ verified: 0, unverified: 1, differences: new Map() });
  });

  test('is told of where it differs, and counted by store', async () => {
    const different: Judgement = { kind: 'different', served: 'allow', cedar: 'deny' };
    const onDifference = vi.fn();
    const verifier = verifierOf({ judge: () => Promise.resolve(different), onDifference });
    const entry = compiled({ store: 'payments' });
    verifier.sample(entry, INPUT, NO_ENTITIES);
    verifier.sample(compiled(), INPUT, NO_ENTITIES);

    await judged(verifier, 2);
    expect(onDifference).toHaveBeenCalledTimes(2);
    expect(onDifference).toHaveBeenCalledWith({ entry, input: INPUT }, different);
    expect(verifier.stats().differences).toEqual(
      new Map([
        ['payments', 1],
        ['default', 1],
      ]),
    );
  });

  test('goes on where acting on a difference fails', async () => {
    const verifier = verifierOf({
      judge: () => Promise.resolve({ kind: 'different', served: 'allow', cedar: 'deny' }),
      onDifference: () => {
        throw new Error('nobody catches this');
      },
    });
    for (let count = 0; count < 3; count += 1) verifier.sample(compiled(), INPUT, NO_ENTITIES);

    await judged(verifier, 3);
    expect(verifier.stats().differences).toEqual(new Map([['default', 3]]));
  });

  test('is given up when the verifier is closed', async () => {
    const gate = Promise.withResolvers<Judgement>();
    const onDifference = vi.fn();
    const verifier = verifierOf({ judge: () => gate.promise, onDifference });
    verifier.sample(compiled(), INPUT, NO_ENTITIES);
    verifier.sample(compiled(), INPUT, NO_ENTITIES);
    await turn();
    verifier.close();
    gate.resolve({ kind: 'different', served: 'allow', cedar: 'deny' });
    await turn();

    verifier.sample(compiled(), INPUT, NO_ENTITIES);
    await turn();
    expect(onDifference).not.toHaveBeenCalled();
    expect(verifier.stats()).toEqual({ verified: 0, unverified: 0, differences: new Map() });
  });
});
