import { CEDAR_VERSION } from '../engine/cedar/version.ts';
import { readKeyring } from '../ledger/keyring.ts';
import { createPool, type DatabaseConnection } from '../store/pool.ts';
import type { Log } from '../telemetry/log.ts';
import { mergeMetrics } from '../telemetry/merge-metrics.ts';
import type { MetricSnapshot } from '../telemetry/metrics.ts';
import { observeProcess } from '../telemetry/process-metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type AdminContext, actingPool } from './admin/context.ts';
import { createRepeats } from './admin/repeats.ts';
import { createAdminServer } from './admin/server.ts';
import { loadSystemBundle } from './admin/system-bundle.ts';
import { poolFor } from './admin/traced.ts';
import { createDesk } from './approvals/desk.ts';
import { followApprovals } from './approvals/follow.ts';
import { createOffice } from './approvals/office.ts';
import type { DecisionPath } from './authorize.ts';
import { tendGlasses } from './break-glass/tend.ts';
import { createGlassUse } from './break-glass/usage.ts';
import type { Config } from './config/config.ts';
import { addressText } from './config/values.ts';
import { openConfiguredLedger } from './configured-ledger.ts';
import { countLimits } from './count-limits.ts';
import { snapshotPlace } from './disk/place.ts';
import { startKeeping } from './disk/start.ts';
import { followDeployments } from './follow.ts';
import { listenAt, tlsFor } from './listen.ts';
import { listenForDecisions } from './listen-for-decisions.ts';
import { observeServer } from './observe/gauges.ts';
import { createObserver } from './observe/observer.ts';
import { findOrigin } from './origin.ts';
import { takeOutcomes } from './outcomes/take-outcomes.ts';
import { processIdOf } from './process-id.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { refuseStale, staleness, unreadiness } from './readiness.ts';
import { createRefusals } from './refusals.ts';
import { createReplays } from './replay/replays.ts';
import { startReport } from './report.ts';
import { createRunKeeping } from './runs/keeping.ts';
import { createRunTurns } from './runs/run-turns.ts';
import { createDecisionService } from './service.ts';
import { createFallbackShare } from './thread-share.ts';
import { followTlsFiles, type TlsFiles } from './tls/follow-files.ts';
import { startTrials } from './trial/start.ts';
import { startVerification } from './verify/start.ts';
import { deliverEvents } from './webhooks/deliver.ts';
import { readEndpoints } from './webhooks/read-endpoints.ts';
import type { Handling } from './wire/serve.ts';

/** What a process does of a server: all, or one of several for decisions, or the one that looks after those. */
export type Part = 'whole' | 'decisions' | 'administration';

/** The other processes of a server, as administration sees them. */
export interface Colleagues {
  /** Why they are not ready; empty: they are. */
  unready(): readonly string[];
  /** What is to be known of those that decide all the same. */
  warnings(): readonly string[];
  /** Their metrics, of each that answers. */
  collect(): Promise<readonly (readonly MetricSnapshot[])[]>;
}

export interface ServerOptions {
  readonly config: Config;
  readonly connection: DatabaseConnection;
  readonly log: Log;
  readonly telemetry: Telemetry;
  /** Default: `whole`. */
  readonly part?: Part;
  /** Where administration is for other processes too. */
  readonly colleagues?: Colleagues;
}

export interface RunningServer {
  /** `host:port` of each, with the ports that were really taken; empty: another process has it. */
  readonly addresses: { readonly rest: string; readonly grpc: string; readonly admin: string };
  /** Why this process is not ready; empty: it is. */
  unready(): readonly string[];
  /** What is to be known of it where it decides all the same; empty: nothing. */
  warnings(): readonly string[];
  /** What each store is served by, by the store's name: the sequence and the digests that decide. */
  served(): ReadonlyMap<string, string>;
  /** Drains and stops everything, within the configured time. */
  stop(): Promise<void>;
}

/** What ends in reverse order of its start, whether the start succeeded or not. */
type Stops = (() => Promise<unknown>)[];

/**
 * Starts a decision server and answers once it decides.
 * @throws PdpError where the database, the keyring or the spool is not in order; ConfigError where TLS or an address is not.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const stops: Stops = [];
  try {
    return await start(options, stops);
  } catch (thrown) {
    await stopAll(stops);
    throw thrown;
  }
}

async function start(options: ServerOptions, stops: Stops): Promise<RunningServer> {
  const { config, connection, log, telemetry, part = 'whole', colleagues } = options;
  const tls = await followTlsFiles({ config, log });
  stops.push(async () => tls?.stop());
  const pool = createPool({ connection });
  stops.push(() => pool.end());
  const keyring = await readKeyring(config.PALISADE_KEYRING_FILE);
  const endpoints = await readEndpoints(config.PALISADE_WEBHOOKS_FILE);
  const place = snapshotPlace(config, part === 'decisions');
  const maxStalenessMs = config.PALISADE_MAX_STALENESS;
  const origin = await findOrigin({ database: pool, place, keyring, maxStalenessMs, log });

  const ledger = await openConfiguredLedger(config, pool, connection, keyring, log);
  stops.push(async () => {
    await ledger.flush(FLUSH_MS);
    await ledger.close();
  });
  const following = await followDeployments({
    pool,
    connection,
    pollMs: config.PALISADE_POLL_INTERVAL,
    evaluator: config.PALISADE_EVALUATOR,
    origin,
    log,
  });
  stops.push(following.stop);
  const { replica, signatures } = following;
  // Of several processes of a server, the one that looks after them keeps what all of them may start from.
  const kept = part === 'decisions' ? undefined : place;
  const keeping = startKeeping({ config, place: kept, keyring, replica, database: pool, log });
  stops.push(keeping.stop);
  if (part !== 'administration') {
    const processId = processIdOf(config);
    const report = startReport({ database: pool, following, bootId: ledger.bootId, processId, log });
    stops.push(report.stop);
  }
  const verifier = startVerification({ config, pool, ledger, log });
  stops.push(verifier.stop);
  const trials = startTrials({ config, pool, ledger, replica, metrics: telemetry.metrics, log });
  stops.push(trials.stop);

  const counting = countLimits({ connection, log });
  stops.push(counting.stop);
  const runPool = createPool({ connection, applicationName: 'palisade runs', max: RUN_CONNECTIONS });
  stops.push(() => runPool.end());
  const { metrics } = telemetry;
  const delivering =
    part === 'decisions' ? undefined : deliverEvents({ connection, endpoints, metrics, log });
  stops.push(async () => delivering?.stop());
  const approvals = followApprovals({ connection, log, url: config.PALISADE_APPROVAL_URL });
  stops.push(approvals.stop);

  const { PALISADE_REST_ADDRESS: rest, PALISADE_GRPC_ADDRESS: grpc, PALISADE_ADMIN_ADDRESS: admin } = config;
  const glassUse = createGlassUse({ pool, log });
  stops.push(glassUse.stop);
  if (part !== 'decisions') stops.push(tendGlasses({ pool, ledger, log }).stop);
  const observer = createObserver({
    telemetry,
    glassUse,
    log,
    traceDenies: config.PALISADE_TRACE_DENIES === 'always',
    addresses: { rpc: grpc, http: rest },
  });
  const path: DecisionPath = {
    ledger,
    now: Date.now,
    refuseStale: () => refuseStale(replica, config),
    isFallback: ({ evaluator }) => config.PALISADE_EVALUATOR === 'compiled' && evaluator.name !== 'compiled',
    fallback: createFallbackShare(),
    cedarVersion: CEDAR_VERSION,
    observer,
    verifier,
    trials,
    counting,
    runTurns: createRunTurns(),
    approvals,
  };
  const outcomes = takeOutcomes({ connection, ledger, now: Date.now, observer, log });
  stops.push(outcomes.stop);
  const service = createDecisionService({
    path,
    outcomes,
    replica,
    rates: createRateLimiter({
      fallback: config.PALISADE_RATE_LIMIT,
      processes: part === 'decisions' ? config.PALISADE_PROCESSES : 1,
    }),
    runs: createRunKeeping({ pool: runPool, ledger, now: path.now }),
    anonymousAllowed: config.PALISADE_ANONYMOUS === 'loopback' && rest.loopback && grpc.loopback,
  });
  const handling: Handling = { service, onRefusal: createRefusals(path, log), observer };
  const hosts = config.PALISADE_ALLOWED_HOSTS ?? [];
  let isStopping = false;
  const stopping = new AbortController();
  const unready = () => [
    ...(isStopping ? ['this server is stopping'] : []),
    ...unreadiness(replica, ledger, config, following.refusal()),
  ];
  const warnings = () => [...staleness(replica, following.refusal()), ...tlsWarnings(tls)];
  const capacity = config.PALISADE_SPOOL_MAX_BYTES;
  observeServer(telemetry.metrics, {
    replica,
    signatures,
    ledger,
    verifier,
    trials,
    keeping,
    counting,
    approvals,
    delivering,
    outcomes,
    inFlight: service.inFlight,
    unready,
    capacity,
    tls,
  });
  const stopObserving = observeProcess(telemetry.metrics);
  stops.push(() => Promise.resolve(stopObserving()));

  // What is in flight on one transport must not use up the time of another.
  const closing: (() => Promise<void>)[] = [];
  stops.push(() => Promise.all(closing.map((close) => close())));
  const addresses = { rest: '', grpc: '', admin: '' };
  const system = await loadSystemBundle();
  const repeats = createRepeats();
  const desk = createDesk({ ledger, system, snapshot: replica.snapshot, keyring });
  if (part !== 'administration') {
    const office = createOffice({
      ...{ desk, pool, ledger, system, repeats },
      charge: (caller) => service.charge(caller, 1, 'grpc'),
    });
    const listening = await listenForDecisions({ config, tls, handling, office, hosts, unready }, closing);
    Object.assign(addresses, listening.addresses);
    stops.push(listening.drain);
  }
  if (part !== 'decisions') {
    log.info({ digest: system.ref.digest }, 'administration is decided by the built-in bundle');
    const replays = createReplays({ connection, keyringFile: config.PALISADE_KEYRING_FILE, log });
    closing.push(() => Promise.resolve(replays.close()));
    const context: AdminContext = {
      poolFor: (request) => actingPool(request, poolFor(request, pool)),
      replica,
      ledger,
      cedarVersion: path.cedarVersion,
      evaluator: config.PALISADE_EVALUATOR,
      replays,
      charge: (caller) => service.charge(caller, 1, 'rest'),
      system,
      repeats,
      desk,
      stopping: stopping.signal,
      unready: () => [...unready(), ...(colleagues?.unready() ?? [])],
      warnings: () => [...warnings(), ...(colleagues?.warnings() ?? [])],
    };
    const collect = async () =>
      mergeMetrics([await telemetry.collect(), ...((await colleagues?.collect()) ?? [])]);
    const server = createAdminServer({
      context,
      telemetry: { spans: telemetry.spans, collect },
      ...handling,
      hosts,
      tls: tlsFor(admin, tls),
    });
    const port = await listenAt('PALISADE_ADMIN_ADDRESS', admin, ({ host, port: asked }) =>
      server.listen(host, asked),
    );
    closing.push(() => server.close(config.PALISADE_SHUTDOWN_TIMEOUT));
    addresses.admin = addressText({ ...admin, port });
  }

  return {
    addresses,
    unready,
    warnings,

    served() {
      const stores = [...replica.snapshot().stores.values()];

      return new Map(
        stores.flatMap(({ name, sequence, bundle, staged }) =>
          bundle === undefined
            ? []
            : [[name, [sequence, bundle.ref.digest, staged?.canary?.bundle.ref.digest ?? ''].join(' ')]],
        ),
      );
    },

    stop() {
      // At once, so that a load balancer sees it while calls are still taken.
      isStopping = true;
      approvals.end();
      stopping.abort();

      return stopAll(stops);
    },
  };
}

function tlsWarnings(tls: TlsFiles | undefined): readonly string[] {
  const problem = tls?.problem();

  return problem === undefined ? [] : [`the files of TLS are not used, and those before go on: ${problem}`];
}

/** Runs are started and ended seldom, and must not wait for administration nor it for them. */
const RUN_CONNECTIONS = 2;
/** What is not in PostgreSQL by then waits in the spool for the next process. */
const FLUSH_MS = 2_000;

async function stopAll(stops: Stops): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}
