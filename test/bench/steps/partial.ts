/** A server made of Palisade's own parts that goes only so far on the decision path, to tell what each step of it costs. */

import { CEDAR_VERSION } from '../../../services/engine/cedar/version.ts';
import { readKeyring } from '../../../services/ledger/keyring.ts';
import { type Ledger, openLedger } from '../../../services/ledger/ledger.ts';
import { createPeople } from '../../../services/pdp/approvals/people.ts';
import type { DecisionPath } from '../../../services/pdp/authorize.ts';
import { followDeployments } from '../../../services/pdp/follow.ts';
import { createObserver } from '../../../services/pdp/observe/observer.ts';
import { createRateLimiter } from '../../../services/pdp/rate-limiter.ts';
import type { Replica } from '../../../services/pdp/replica.ts';
import { createRunKeeping } from '../../../services/pdp/runs/keeping.ts';
import { createRunTurns } from '../../../services/pdp/runs/run-turns.ts';
import { createDecisionService } from '../../../services/pdp/service.ts';
import { createFallbackShare } from '../../../services/pdp/thread-share.ts';
import type { DecisionReply, DecisionService } from '../../../services/pdp/types.ts';
import { createGrpcServer } from '../../../services/pdp/wire/grpc/server.ts';
import { createLimitCounting } from '../../../services/store/limits/counting.ts';
import { createPool } from '../../../services/store/pool.ts';
import { createLog } from '../../../services/telemetry/log.ts';
import { createMetrics } from '../../../services/telemetry/metrics.ts';
import { samplingOf } from '../../../services/telemetry/sampling.ts';
import { withoutSdk } from '../../../services/telemetry/telemetry.ts';
import type { PartialAddress, PartialOrder } from './messages.ts';

const HOST = '127.0.0.1';
const POLL_MS = 500;
/** Records stay where they are, so there must be room for all of them. */
const SPOOL_BYTES = 16 * 1024 ** 3;

/** Takes every record and keeps none. */
const NO_LEDGER: Pick<Ledger, 'reserve' | 'appendThen'> = {
  reserve: () => ({ release: () => undefined }),
  appendThen: (_entry, _input, _space, settled) => settled(),
};

process.once('disconnect', () => process.exit());
process.once('message', (order: PartialOrder) => void serve(order));
process.send?.('ready');

async function serve(order: PartialOrder): Promise<void> {
  const log = createLog('warn');
  const connection = order.databaseUrl;
  const pool = createPool({ connection });
  const { replica } = await followDeployments({
    pool,
    connection,
    pollMs: POLL_MS,
    evaluator: 'compiled',
    log,
  });
  const observer = createObserver({
    telemetry: withoutSdk(
      createMetrics(),
      samplingOf(undefined, undefined, (message) => log.warn(message)),
    ),
    log,
    traceDenies: false,
    addresses: {
      rpc: { host: HOST, port: 0, loopback: true },
      http: { host: HOST, port: 0, loopback: true },
    },
  });
  const path: DecisionPath = {
    ledger: order.step === 'spool' ? await openSpool(order) : (NO_LEDGER as Ledger),
    now: Date.now,
    refuseStale: () => undefined,
    isFallback: () => false,
    fallback: createFallbackShare(),
    cedarVersion: CEDAR_VERSION,
    observer,
    verifier: { sample: () => undefined },
    trials: { decided: () => undefined, failed: () => undefined },
    counting: createLimitCounting({ database: pool, onLost: (err) => log.error({ err }, 'limits') }),
    runTurns: createRunTurns(),
    approvals: createPeople({ database: pool, onLost: (err) => log.error({ err }, 'approvals') }),
  };
  const service = createDecisionService({
    path,
    replica,
    runs: createRunKeeping({ pool, ledger: path.ledger, now: Date.now }),
    anonymousAllowed: false,
    outcomes: { report: () => Promise.reject(new Error('no reports are taken here')) },
    rates: createRateLimiter({ fallback: undefined, processes: 1 }),
  });
  const server = createGrpcServer({
    service: order.step === 'wire' ? withOneReply(service, replica) : service,
    onRefusal: ({ error }) => log.error({ err: error }, 'refused'),
    observer,
    reflection: false,
  });
  const port = await server.listen(HOST, 0);
  const address: PartialAddress = { grpc: `${HOST}:${port}` };
  process.send?.(address);
}

async function openSpool({ keyringFile, spoolDir }: PartialOrder): Promise<Ledger> {
  return openLedger({
    directory: spoolDir,
    level: 'durable',
    keyring: await readKeyring(keyringFile),
    pool: undefined,
    capBytes: SPOOL_BYTES,
    processId: 'bench',
  });
}

/** As large as a decision is, and made once. */
function withOneReply(service: DecisionService, replica: Replica): DecisionService {
  const bundle = replica.snapshot().stores.get('default')?.bundle;
  if (bundle === undefined) throw new Error('nothing is deployed');

  const reply: Omit<DecisionReply, 'request_id'> = {
    decision: 'allow',
    decision_id: '01a20480-76c6-7d5b-9c3e-4c2819c114a7',
    request_digest: `sha256:${'5b'.repeat(32)}`,
    replayed: false,
    bundle: bundle.ref,
    state_sequence: 1n,
    reason_code: 'permitted',
    limits: [],
    retry_after_ms: 0,
    message: '',
    enforcement: 'enforced',
    trace_id: '27701c6d857b0782778a627a09c40201',
    evaluated_at: Date.now(),
    obligations: [],
    alternatives: [],
    approval: undefined,
    explanation: undefined,
  };

  return { ...service, authorize: (call) => Promise.resolve({ ...reply, request_id: call.request_id }) };
}
