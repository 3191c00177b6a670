import { setTimeout as sleep } from 'node:timers/promises';
import { CEDAR_VERSION } from '../engine/cedar/version.ts';
import { assertMigrated } from '../store/migrate.ts';
import { createPool, type DatabaseConnection } from '../store/pool.ts';
import type { Log } from '../telemetry/log.ts';
import { observeProcess } from '../telemetry/process-metrics.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { ADMIN_PATHS } from './admin/openapi.ts';
import { createAdminServer } from './admin/server.ts';
import { poolFor } from './admin/traced.ts';
import type { DecisionPath } from './authorize.ts';
import type { Config } from './config/config.ts';
import { addressText } from './config/values.ts';
import { openConfiguredLedger } from './configured-ledger.ts';
import { followDeployments } from './follow.ts';
import { grpcCredentials, listenAt, readTlsIdentity, tlsFor } from './listen.ts';
import { observeServer } from './observe/gauges.ts';
import { createObserver } from './observe/observer.ts';
import { refuseStale, unreadiness } from './readiness.ts';
import { createRefusals } from './refusals.ts';
import { createDecisionService } from './service.ts';
import { createFallbackShare } from './thread-share.ts';
import { startVerification } from './verify/start.ts';
import { createGrpcServer } from './wire/grpc/server.ts';
import { DECISION_PATHS, openApiDocument } from './wire/rest/openapi.ts';
import { createRestServer } from './wire/rest/server.ts';
import type { Handling } from './wire/serve.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly connection: DatabaseConnection;
  readonly log: Log;
  readonly telemetry: Telemetry;
}

export interface RunningServer {
  /** `host:port` of each, with the ports that were really taken. */
  readonly addresses: { readonly rest: string; readonly grpc: string; readonly admin: string };
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

async function start(
  { config, connection, log, telemetry }: ServerOptions,
  stops: Stops,
): Promise<RunningServer> {
  const identity = readTlsIdentity(config);
  const pool = createPool({ connection });
  stops.push(() => pool.end());
  await assertMigrated(pool);

  const ledger = await openConfiguredLedger(config, pool, log);
  stops.push(async () => {
    await ledger.flush(FLUSH_MS);
    await ledger.close();
  });
  const following = await followDeployments({
    pool,
    connection,
    pollMs: config.PALISADE_POLL_INTERVAL,
    evaluator: config.PALISADE_EVALUATOR,
    log,
  });
  stops.push(following.stop);
  const { replica } = following;
  const verifier = startVerification({ config, pool, ledger, log });
  stops.push(verifier.stop);

  const { PALISADE_REST_ADDRESS: rest, PALISADE_GRPC_ADDRESS: grpc, PALISADE_ADMIN_ADDRESS: admin } = config;
  const observer = createObserver({
    telemetry,
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
  };
  const service = createDecisionService({
    path,
    replica,
    anonymousAllowed: config.PALISADE_ANONYMOUS === 'loopback' && rest.loopback && grpc.loopback,
  });
  const handling: Handling = { service, onRefusal: createRefusals(path, log), observer };
  const hosts = config.PALISADE_ALLOWED_HOSTS ?? [];
  const unready = () => unreadiness(replica, ledger, config);
  const capacity = config.PALISADE_SPOOL_MAX_BYTES;
  observeServer(telemetry.metrics, {
    replica,
    ledger,
    verifier,
    inFlight: service.inFlight,
    unready,
    capacity,
  });
  const stopObserving = observeProcess(telemetry.metrics);
  stops.push(() => Promise.resolve(stopObserving()));
  const timeoutMs = config.PALISADE_SHUTDOWN_TIMEOUT;

  // What is in flight on one transport must not use up the time of another.
  const closing: (() => Promise<void>)[] = [];
  stops.push(() => Promise.all(closing.map((close) => close())));
  const grpcServer = createGrpcServer({ ...handling, reflection: config.PALISADE_REFLECTION });
  closing.push(() => grpcServer.shutdown(timeoutMs));
  const restServer = createRestServer({
    ...handling,
    hosts,
    openapi: openApiDocument(DECISION_PATHS, ADMIN_PATHS),
    tls: tlsFor(rest, identity),
  });
  const adminServer = createAdminServer({
    context: {
      poolFor: (request) => poolFor(request, pool),
      replica,
      ledger,
      cedarVersion: path.cedarVersion,
      unready,
    },
    telemetry,
    ...handling,
    hosts,
    tls: tlsFor(admin, identity),
  });
  const grpcPort = await listenAt('PALISADE_GRPC_ADDRESS', grpc, (address) =>
    grpcServer.bind(addressText(address), grpcCredentials(tlsFor(address, identity))),
  );
  const restPort = await listenAt('PALISADE_REST_ADDRESS', rest, ({ host, port }) =>
    restServer.listen(host, port, true),
  );
  closing.push(() => restServer.close(timeoutMs));
  const adminPort = await listenAt('PALISADE_ADMIN_ADDRESS', admin, ({ host, port }) =>
    adminServer.listen(host, port, false),
  );
  closing.push(() => adminServer.close(timeoutMs));

  const health = setInterval(() => grpcServer.serving(unready().length === 0), HEALTH_EVERY_MS);
  grpcServer.serving(unready().length === 0);
  stops.push(async () => {
    clearInterval(health);
    grpcServer.serving(false);
    await sleep(config.PALISADE_DRAIN_DELAY);
  });

  return {
    addresses: {
      rest: addressText({ ...rest, port: restPort }),
      grpc: addressText({ ...grpc, port: grpcPort }),
      admin: addressText({ ...admin, port: adminPort }),
    },
    stop: () => stopAll(stops),
  };
}

const HEALTH_EVERY_MS = 250;
/** What is not in PostgreSQL by then waits in the spool for the next process. */
const FLUSH_MS = 2_000;

async function stopAll(stops: Stops): Promise<void> {
  for (const stop of stops.splice(0).reverse()) await stop();
}
