import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PdpError } from '../../../services/engine/error.ts';
import { parseExactJson } from '../../../services/ledger/json.ts';
import { readKeyring } from '../../../services/ledger/keyring.ts';
import { openLedger } from '../../../services/ledger/ledger.ts';
import { loadBundle } from '../../../services/pdp/loader.ts';
import { createReplica } from '../../../services/pdp/replica.ts';
import { createDecisionService } from '../../../services/pdp/service.ts';
import type { CallScope } from '../../../services/pdp/types.ts';
import { jsonText } from '../../../services/pdp/wire/rest/json-text.ts';
import { responseBody } from '../../../services/pdp/wire/rest/reply.ts';
import { readRequest } from '../../../services/pdp/wire/rest/request.ts';
import { createPool } from '../../../services/store/pool.ts';
import type { Outcome } from '../../support/decision-client.ts';
import { quietObserver } from '../../support/observer.ts';
import { type Question, restBody } from '../../support/question.ts';
import type { SharedWorld } from '../../support/shared-world.ts';

/** The decision service itself, without a transport. */
export interface InProcess {
  /** @param now what the service's clock shows, in milliseconds since the epoch. */
  ask(question: Question, token: string, now: number): Promise<Outcome>;
  /** Everything that was asked is in the log afterwards. */
  close(): Promise<void>;
}

/** For a sequence that never comes. */
const DEADLINE_MS = 500;

/** Serves from the same PostgreSQL as the world's server, with a ledger and a clock of its own. */
export async function openInProcess({ databaseUrl, keyringFile }: SharedWorld): Promise<InProcess> {
  const pool = createPool({ connection: databaseUrl });
  const directory = await mkdtemp(join(tmpdir(), 'palisade-cases-'));
  const ledger = await openLedger({
    directory,
    level: 'durable',
    keyring: await readKeyring(keyringFile),
    pool,
    capBytes: 64 * 1024 * 1024,
    processId: 'cases',
  });
  const replica = createReplica({
    pool,
    load: (digest) => loadBundle(pool, digest, 'compiled'),
    onLoadFailure: (_lag, error) => {
      throw error;
    },
  });
  await replica.refresh();
  await replica.settled();
  let clock = Date.now();
  const observer = quietObserver();
  const service = createDecisionService({
    path: { ledger, now: () => clock, refuseStale: () => undefined, cedarVersion: 'test', observer },
    replica,
    anonymousAllowed: false,
  });

  return {
    async ask(question, token, now) {
      clock = now;
      const trace = observer.begin([]);
      const deadline = performance.now() + DEADLINE_MS;
      const scope = {
        transport: 'in_process' as const,
        trace,
        notes: { steps: [], notable: false },
        deadline,
        signal: AbortSignal.timeout(DEADLINE_MS),
      } satisfies Omit<CallScope, 'caller'>;
      try {
        const caller = service.authenticate(token, false);
        const call = readRequest(Buffer.from(restBody(question)));
        const reply = await service.authorize(call, { ...scope, caller });

        return parseExactJson(jsonText(responseBody(reply))) as Outcome;
      } catch (thrown) {
        if (!(thrown instanceof PdpError)) throw thrown;
        const { code, field } = thrown;

        return { error: code, ...(field === undefined ? {} : { field }), trace_id: trace.trace_id };
      }
    },

    async close() {
      await ledger.flush(5_000);
      await ledger.close();
      await pool.end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
