import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { CompiledBundle } from '../../../services/bundles/compile.ts';
import { CEDAR_VERSION } from '../../../services/engine/cedar/version.ts';
import { PdpError } from '../../../services/engine/error.ts';
import { parseExactJson } from '../../../services/ledger/json.ts';
import { readKeyring } from '../../../services/ledger/keyring.ts';
import { openLedger } from '../../../services/ledger/ledger.ts';
import { createPeople } from '../../../services/pdp/approvals/people.ts';
import { CallSignal } from '../../../services/pdp/call-signal.ts';
import { demanding } from '../../../services/pdp/entities/demanded.ts';
import { neighbourhood } from '../../../services/pdp/entities/neighbourhood.ts';
import type { StoreEntities } from '../../../services/pdp/entities/store-entities.ts';
import { loadBundle } from '../../../services/pdp/loader.ts';
import { createRateLimiter } from '../../../services/pdp/rate-limiter.ts';
import { createReplica } from '../../../services/pdp/replica.ts';
import { createRunKeeping } from '../../../services/pdp/runs/keeping.ts';
import { createDecisionService } from '../../../services/pdp/service.ts';
import { createSignatureWatch } from '../../../services/pdp/signature-watch.ts';
import type { CallScope } from '../../../services/pdp/types.ts';
import { judgeAgain } from '../../../services/pdp/verify/judge.ts';
import { caseOf, type SampledDecision } from '../../../services/pdp/verify/verifier.ts';
import { jsonText } from '../../../services/pdp/wire/rest/json-text.ts';
import { responseBody } from '../../../services/pdp/wire/rest/reply.ts';
import { readRequest } from '../../../services/pdp/wire/rest/request.ts';
import { createLimitCounting } from '../../../services/store/limits/counting.ts';
import { createPool } from '../../../services/store/pool.ts';
import { pathOver } from '../../pdp/support/path.ts';
import type { Outcome } from '../../support/decision-client.ts';
import { quietObserver } from '../../support/observer.ts';
import { type Question, restBody } from '../../support/question.ts';
import type { SharedWorld } from '../../support/shared-world.ts';

/** The decision service itself, without a transport. */
export interface InProcess {
  /** @param now what the service's clock shows, in milliseconds since the epoch. */
  ask(question: Question, token: string, now: number): Promise<Outcome>;
  /**
   * Everything that was asked is in the log afterwards.
   * @throws Error where Cedar, given what the records hold, judges a decision otherwise or not at all.
   */
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
    evaluator: 'compiled',
    load: (digest, evaluator) => loadBundle(pool, digest, evaluator),
    signatures: createSignatureWatch({ pool, log: { warn: () => undefined } }),
    onLoadFailure: (_lag, error) => {
      throw error;
    },
  });
  await replica.refresh();
  await replica.settled();
  let clock = Date.now();
  const observer = quietObserver();
  const sampled: Sampled[] = [];
  const counting = createLimitCounting({
    database: pool,
    onLost: (error) => {
      throw error;
    },
  });
  const approvals = createPeople({
    database: pool,
    onLost: (error) => {
      throw error;
    },
  });
  const service = createDecisionService({
    rates: createRateLimiter({ fallback: undefined, processes: 1 }),
    path: pathOver(ledger, {
      now: () => clock,
      cedarVersion: CEDAR_VERSION,
      observer,
      verifier: { sample: (entry, input, entities) => sampled.push({ entry, input, entities }) },
      counting,
      approvals,
    }),
    outcomes: { report: () => Promise.reject(new Error('no reports are taken here')) },
    replica,
    runs: createRunKeeping({ pool, ledger, now: () => clock }),
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
        signal: new CallSignal(),
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
      await verify(pool, sampled);
      await counting.settled();
      await ledger.flush(5_000);
      await ledger.close();
      await pool.end();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** With what its store held. */
interface Sampled extends SampledDecision {
  readonly entities: StoreEntities;
}

async function verify(pool: Pool, sampled: readonly Sampled[]): Promise<void> {
  const bundles = new Map<string, CompiledBundle>();
  for (const decision of sampled) {
    const { digest } = decision.entry.bundle;
    const bundle = bundles.get(digest) ?? (await loadBundle(pool, digest, 'cedar'));
    bundles.set(digest, bundle);
    const judgement = await demanding(
      (keys) => Promise.resolve(neighbourhood(decision.entities, keys)),
      (storedBy) => judgeAgain(bundle, caseOf(decision), storedBy(bundle)),
    );
    if (judgement.kind !== 'equal') throw new Error(`${decision.input}: ${JSON.stringify(judgement)}`);
  }
}
