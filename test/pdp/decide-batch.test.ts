import { describe, expect, test } from 'vitest';
import { PdpError } from '../../services/engine/error.ts';
import { CallSignal } from '../../services/pdp/call-signal.ts';
import { EMPTY_SNAPSHOT } from '../../services/pdp/snapshot.ts';
import type { AuthorizeCall, DecisionReply } from '../../services/pdp/types.ts';
import { createMetrics } from '../../services/telemetry/metrics.ts';
import { quietObserver } from '../support/observer.ts';
import { compiledBundle } from './support/bundle.ts';
import { callOf, scopeOf } from './support/calls.ts';
import { snapshotOf } from './support/path.ts';
import { batchOf, withService } from './support/service.ts';

const version = (outcome: DecisionReply | PdpError | undefined) =>
  outcome instanceof PdpError ? outcome.code : outcome?.bundle.version;

describe('authorizeBatch()', () => {
  test('answers in order, and an error stays where it is', async () => {
    await withService(async (service) => {
      const calls = [
        callOf({ request_id: 'first' }),
        new PdpError('too_large', 'did not decode'),
        callOf({ policy_store: 'foreign' }),
        callOf({ action: { type: 'Action', id: 'unknown' } }),
        callOf({ request_id: 'last' }),
      ];

      expect(await service.authorizeBatch(batchOf(calls), scopeOf())).toMatchObject([
        { request_id: 'first', decision: 'allow' },
        { code: 'too_large' },
        { code: 'permission_denied' },
        { code: 'invalid_request' },
        { request_id: 'last', decision: 'allow' },
      ]);
    });
  });

  test('answers nothing to nothing', async () => {
    await withService(async (service) => {
      expect(await service.authorizeBatch(batchOf([]), scopeOf())).toEqual([]);
    });
  });

  test('decides every item on one snapshot, however long it takes', async () => {
    const versions = await Promise.all(
      ['1.0.0', '2.0.0'].map(async (version) => snapshotOf(await compiledBundle(version))),
    );
    let asked = 0;
    const snapshot = () => versions[asked++ % 2] ?? EMPTY_SNAPSHOT;

    await withService(
      async (service) => {
        const first = await service.authorizeBatch(
          batchOf(Array.from({ length: 50 }, () => callOf())),
          scopeOf(),
        );
        const second = await service.authorizeBatch(
          batchOf(Array.from({ length: 50 }, () => callOf())),
          scopeOf(),
        );

        expect(new Set(first.map(version))).toEqual(new Set(['1.0.0']));
        expect(new Set(second.map(version))).toEqual(new Set(['2.0.0']));
      },
      { snapshot },
    );
  });

  test('is read when its turn has come, so that what waits is still bytes', async () => {
    await withService(async (service) => {
      const reading = Promise.withResolvers<AuthorizeCall[]>();
      const first = service.authorizeBatch({ size: 1, read: () => reading.promise }, scopeOf());
      let isRead = false;
      const read = () => {
        isRead = true;

        return Promise.resolve([callOf()]);
      };
      const second = service.authorizeBatch({ size: 1, read }, scopeOf());
      await service.authorize(callOf(), scopeOf());
      expect(isRead).toBe(false);
      reading.resolve([callOf()]);

      expect(await Promise.all([first, second])).toMatchObject([
        [{ decision: 'allow' }],
        [{ decision: 'allow' }],
      ]);
    });
  });

  test('lets others be decided while it waits for a state', async () => {
    await withService(async (service) => {
      const leaving = new CallSignal();
      const waiting = service.authorizeBatch(
        batchOf([callOf({ at_least_sequence: 9n })]),
        scopeOf({ signal: leaving }),
      );

      expect(await service.authorizeBatch(batchOf([callOf()]), scopeOf())).toMatchObject([
        { decision: 'allow' },
      ]);
      leaving.abort();
      expect(await waiting).toMatchObject([{ code: 'unavailable' }]);
    });
  });

  test('lets other work in between its items', async () => {
    let turns = 0;
    const busy = () => {
      for (const until = performance.now() + 2; performance.now() < until; );

      return Date.now();
    };

    await withService(
      async (service) => {
        const batch = service.authorizeBatch(batchOf(Array.from({ length: 50 }, () => callOf())), scopeOf());
        const ticking = setInterval(() => {
          turns += 1;
        }, 0);
        await batch;
        clearInterval(ticking);

        expect(turns).toBeGreaterThan(5);
      },
      { path: { now: busy } },
    );
  });
});

test('leaves a record of each item of a batch that could not even be read', async () => {
  const metrics = createMetrics();
  await withService(
    async (service, ledger) => {
      const unread = new PdpError('invalid_request', 'did not decode');
      await service.authorizeBatch(batchOf([callOf(), unread, unread]), scopeOf());
      await expect.poll(() => ledger.stats().recorded).toBe(3);
    },
    { path: { observer: quietObserver(metrics) } },
  );

  const errors = metrics.collect().find(({ name }) => name === 'palisade.errors');
  expect(errors?.series).toEqual([
    { labels: { 'error.type': 'invalid_request', 'palisade.transport': 'in_process' }, value: 2 },
  ]);
});
