import { setImmediate as turn } from 'node:timers/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { CompiledBundle } from '../../../services/bundles/compile.ts';
import { decideByBundle } from '../../../services/bundles/decide.ts';
import type { Selected } from '../../../services/pdp/select.ts';
import { compare } from '../../../services/pdp/trial/compare.ts';
import { createFlipRecorder } from '../../../services/pdp/trial/flips.ts';
import { createTrials, type Flip, type TrialsOptions } from '../../../services/pdp/trial/trials.ts';
import { createLog } from '../../../services/telemetry/log.ts';
import { decision } from '../../ledger/support/entries.ts';
import { compiledBundle } from '../support/bundle.ts';
import { nothingAt } from '../support/entities.ts';
import { withLedger } from '../support/ledger.ts';
import { compileLevels, failFrom, forbidFrom, PERMIT } from '../support/levels.ts';

let active: CompiledBundle;
let forbidding: CompiledBundle;
let failing: CompiledBundle;

beforeAll(async () => {
  active = await compileLevels(PERMIT);
  forbidding = await compileLevels(PERMIT + forbidFrom(10), '2.0.0');
  failing = await compileLevels(PERMIT + failFrom(10), '3.0.0');
});

function inputOf(level: number): string {
  return JSON.stringify({
    principal: { type: 'Agent', id: 'a' },
    action: { type: 'Action', id: 'act' },
    resource: { type: 'Doc', id: 'd' },
    context: { level },
    entities: [],
  });
}

function selectedOf(candidate: CompiledBundle, arm: Selected['arm'] = 'active', since = 2n): Selected {
  const canary = {
    bundle: candidate,
    percent: 50,
    by: 'run',
    since,
    limits: { min_sample: 1n },
    frozen: null,
    key: new Uint8Array(32),
  } as const;
  const staged = { canary, shadow: undefined, monitoring: undefined };

  return { bundle: arm === 'canary' ? candidate : active, arm, entities: nothingAt(3n), active, staged };
}

/** Judges in this thread, as the other one does. */
const judge: TrialsOptions['judge'] = (one) => {
  const candidate = [forbidding, failing].find(({ ref }) => ref.digest === one.candidate);
  if (candidate === undefined) return Promise.resolve({ kind: 'failed', problem: 'no such bundle' });

  return Promise.resolve(compare(active, candidate, one));
};

function trialsOf(changes: Partial<TrialsOptions> = {}) {
  const flips: Flip[] = [];
  const trials = createTrials({
    evaluator: 'compiled',
    judge,
    onFlip: (flip) => flips.push(flip),
    log: createLog('silent'),
    ...changes,
  });

  return { trials, flips, figures: () => trials.tallies().map(({ figures }) => figures()) };
}

describe('a candidate', () => {
  test('is held against the active bundle on the same request, whichever decided', async () => {
    const { trials, flips, figures } = trialsOf();
    for (const [arm, level] of [
      ['active', 1],
      ['active', 50],
      ['canary', 50],
    ] as const) {
      trials.decided(selectedOf(forbidding, arm), decision({ store: 's' }), inputOf(level));
    }
    await vi.waitFor(() =>
      expect(figures()).toMatchObject([{ compared: 3, flips: 2, errors: 0, served: 1 }]),
    );

    expect(flips).toMatchObject(
      Array.from({ length: 2 }, () => ({
        role: 'canary',
        active: { verdict: { decision: 'allow' } },
        candidate: { verdict: { decision: 'deny', determining: ['from-10'] } },
      })),
    );
  });

  test('has an error where a policy of it fails, and where its schema refuses the request', async () => {
    const { trials, figures } = trialsOf();
    trials.decided(selectedOf(failing), decision(), inputOf(50));
    trials.decided(selectedOf(failing), decision(), inputOf(1));
    await vi.waitFor(() => expect(figures()).toMatchObject([{ compared: 2, errors: 1, flips: 1 }]));

    expect(compare(active, await compiledBundle(), { input: inputOf(1), at: 0 })).toMatchObject({
      active: { failed: false },
      candidate: { failed: true, verdict: undefined },
    });
  });

  test('has failed where it alone does, and not where the request is at fault', () => {
    const { trials, figures } = trialsOf();
    const selected = selectedOf(failing, 'canary');
    trials.failed(selected, 's', () => ({ evaluation: { errors: [] } }));
    trials.failed(selected, 's', () => ({ evaluation: { errors: ['a policy of the active one too'] } }));
    trials.failed(selected, 's', () => decideByBundle(active, JSON.parse('{}'), () => ({})));

    expect(figures()).toMatchObject([{ served: 1, failed: 1 }]);
  });

  test('makes nobody wait: what finds no room is dropped and counted', async () => {
    const gate = Promise.withResolvers<void>();
    const { trials, figures } = trialsOf({ judge: (one, held) => gate.promise.then(() => judge(one, held)) });
    for (let index = 0; index < 1_100; index += 1) {
      trials.decided(selectedOf(forbidding), decision(), inputOf(1));
    }
    await turn();
    const [before] = figures();
    expect(before).toMatchObject({ compared: 0, dropped: 76 });

    gate.resolve();
    await vi.waitFor(() => expect(figures()).toMatchObject([{ compared: 1_024, dropped: 76 }]));
  });

  test('that cannot be judged counts as dropped, and is forgotten when it runs no more', async () => {
    const { trials, figures } = trialsOf({
      judge: () => Promise.resolve({ kind: 'failed', problem: 'it died' }),
    });
    trials.decided(selectedOf(forbidding), decision({ store: 's' }), inputOf(1));
    await vi.waitFor(() => expect(figures()).toMatchObject([{ dropped: 1, compared: 0 }]));

    trials.keep([{ store: 's', role: 'canary', since: 2n }]);
    expect(figures()).toHaveLength(1);
    trials.keep([{ store: 's', role: 'canary', since: 3n }]);
    expect(figures()).toEqual([]);
  });
});

test('records of flips are few in a second, and none take the room that decisions need', async () => {
  const { bundle, ...side } = { bundle: active.ref, failed: false, tookMs: 1 };
  const flip: Flip = {
    entry: decision(),
    role: 'shadow',
    active: { bundle, ...side, verdict: { decision: 'allow', reasonCode: 'permitted', determining: ['p'] } },
    candidate: {
      bundle,
      ...side,
      verdict: { decision: 'deny', reasonCode: 'forbidden', determining: ['f'] },
    },
  };
  await withLedger(async (ledger) => {
    let now = 5_000;
    const record = createFlipRecorder(ledger, 64 * 1024 * 1024, () => now);
    for (let index = 0; index < 50; index += 1) record(flip);
    await vi.waitFor(() => expect(ledger.stats().recorded).toBe(10));
    now += 1_000;
    record(flip);
    await vi.waitFor(() => expect(ledger.stats().recorded).toBe(11));

    createFlipRecorder(ledger, ledger.stats().spoolBytes, () => now)(flip);
    await turn();
    expect(ledger.stats().recorded).toBe(11);
  });
});
