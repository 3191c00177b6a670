import { expect, test } from 'vitest';
import type { Ledger } from '../../services/ledger/ledger.ts';
import type { Reservation } from '../../services/ledger/spool/space.ts';
import type { AdminContext } from '../../services/pdp/admin/context.ts';
import { createRepeats } from '../../services/pdp/admin/repeats.ts';
import { allRoutes, createAdminServer } from '../../services/pdp/admin/server.ts';
import { loadSystemBundle } from '../../services/pdp/admin/system-bundle.ts';
import type { DecisionService } from '../../services/pdp/types.ts';
import { ADMINISTRATIVE_ROLES } from '../../services/store/credentials.ts';
import type { Pool } from '../../services/store/database.ts';
import { listStores } from '../../services/store/deployments.ts';
import { quietObserver, quietTelemetry } from '../support/observer.ts';
import { withDatabase } from '../support/postgres.ts';
import { callerOf } from './support/calls.ts';
import { type HttpAnswer, send } from './support/http.ts';
import { withLedger } from './support/ledger.ts';

type Ask = (method: string, path: string, body?: unknown) => Promise<HttpAnswer>;

/** Administration over a log that nothing drains. */
async function withAdministration(
  body: (world: { readonly ask: Ask; readonly ledger: Ledger; readonly pool: Pool }) => Promise<void>,
): Promise<void> {
  const system = await loadSystemBundle();
  await withDatabase(({ serving: pool }) =>
    withLedger(async (ledger) => {
      // What is refused comes no further than this.
      const context = {
        poolFor: () => pool,
        ledger,
        system,
        repeats: createRepeats(),
        charge: () => undefined,
      };
      const caller = callerOf({ roles: ADMINISTRATIVE_ROLES, stores: ['*'] });
      const server = createAdminServer({
        context: context as unknown as AdminContext,
        service: { authenticate: () => caller } as unknown as DecisionService,
        telemetry: quietTelemetry(),
        observer: quietObserver(),
        onRefusal: () => undefined,
        hosts: [],
        tls: undefined,
      });
      const port = await server.listen('127.0.0.1', 0);
      try {
        const ask: Ask = (method, path, sent) =>
          send(`127.0.0.1:${port}`, {
            method,
            path,
            headers: { 'content-type': 'application/json' },
            ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
          });
        await body({ ask, ledger, pool });
      } finally {
        await server.close(0);
      }
    }),
  );
}

/** Takes all room that there is. */
function fill(ledger: Ledger): readonly Reservation[] {
  const taken: Reservation[] = [];
  for (let bytes = 64 * 1024 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    try {
      for (;;) taken.push(ledger.reserve(bytes));
    } catch {
      // So much does not fit any more.
    }
  }

  return taken;
}

test('no call is answered, and none changes anything, while no record of it can be kept', async () => {
  await withAdministration(async ({ ask, ledger, pool }) => {
    const taken = fill(ledger);
    for (const { method, path } of allRoutes({} as AdminContext)) {
      const named = path
        .replace(':store', 'default')
        .replace(':digest', `sha256:${'0'.repeat(64)}`)
        .replace(':id', '00000000-0000-4000-8000-000000000000');
      const { status, json } = await ask(method.toUpperCase(), named, method === 'get' ? undefined : {});

      expect({ path, status, code: json?.['code'] }).toEqual({ path, status: 503, code: 'unavailable' });
    }
    expect((await ask('POST', '/v1/stores', { name: 'unrecorded' })).status).toBe(503);
    expect((await listStores(pool)).map(({ name }) => name)).toEqual(['default']);

    for (const one of taken) one.release();
    expect((await ask('GET', '/v1/stores')).status).toBe(200);
  });
});

test('what is recorded to be allowed, and not to be done, is not done', async () => {
  await withAdministration(async ({ ask, ledger, pool }) => {
    const enable = { enabled: true, reason: 'r'.repeat(1_024) };
    // Room for the record of the call, and not for that of the change, which holds the reason.
    const room = ledger.reserve(20_000);
    const taken = fill(ledger);
    room.release();

    expect(await ask('PUT', '/v1/stores/default/two-person', enable)).toMatchObject({
      status: 503,
      json: { code: 'unavailable' },
    });
    expect(ledger.stats().recorded).toBe(1);
    expect(await listStores(pool)).toMatchObject([{ name: 'default', twoPerson: false }]);

    for (const one of taken) one.release();
    expect((await ask('PUT', '/v1/stores/default/two-person', enable)).status).toBe(200);
    expect(ledger.stats().recorded).toBe(3);
  });
});
