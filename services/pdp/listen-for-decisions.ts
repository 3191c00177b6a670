import { setTimeout as sleep } from 'node:timers/promises';
import type { Office } from './approvals/office.ts';
import type { Config } from './config/config.ts';
import { addressText } from './config/values.ts';
import { listenAt, tlsFor } from './listen.ts';
import type { ServerTls } from './tls/follow-files.ts';
import { createGrpcServer } from './wire/grpc/server.ts';
import { createRestServer } from './wire/rest/server.ts';
import type { Handling } from './wire/serve.ts';

const HEALTH_EVERY_MS = 250;

export interface DecisionListening {
  readonly config: Config;
  readonly tls: ServerTls | undefined;
  readonly handling: Handling;
  /** Where people answer approvals, over gRPC too. */
  readonly office: Office;
  readonly hosts: readonly string[];
  readonly unready: () => readonly string[];
}

/** Listens for decisions over gRPC and REST. @param closing takes what stops each. */
export async function listenForDecisions(
  { config, tls, handling, office, hosts, unready }: DecisionListening,
  closing: (() => Promise<void>)[],
) {
  const {
    PALISADE_REST_ADDRESS: rest,
    PALISADE_GRPC_ADDRESS: grpc,
    PALISADE_SHUTDOWN_TIMEOUT: timeoutMs,
  } = config;
  const grpcServer = createGrpcServer({
    ...handling,
    office,
    reflection: config.PALISADE_REFLECTION,
    tls: tlsFor(grpc, tls),
  });
  closing.push(() => grpcServer.shutdown(timeoutMs));
  const restServer = createRestServer({
    ...handling,
    hosts,
    openapi: describeInterface,
    tls: tlsFor(rest, tls),
  });
  const grpcPort = await listenAt('PALISADE_GRPC_ADDRESS', grpc, ({ host, port }) =>
    grpcServer.listen(host, port),
  );
  const restPort = await listenAt('PALISADE_REST_ADDRESS', rest, ({ host, port }) =>
    restServer.listen(host, port),
  );
  closing.push(() => restServer.close(timeoutMs));

  const health = setInterval(() => grpcServer.serving(unready().length === 0), HEALTH_EVERY_MS);
  grpcServer.serving(unready().length === 0);

  return {
    addresses: {
      rest: addressText({ ...rest, port: restPort }),
      grpc: addressText({ ...grpc, port: grpcPort }),
    },

    async drain() {
      clearInterval(health);
      grpcServer.serving(false);
      await sleep(config.PALISADE_DRAIN_DELAY);
    },
  };
}

/** Seldom asked for: what describes all requests and answers would be a tenth of each start. */
async function describeInterface(): Promise<string> {
  const { ADMIN_PATHS } = await import('./admin/openapi.ts');
  const { DECISION_PATHS, openApiDocument } = await import('./wire/rest/openapi.ts');

  return openApiDocument(DECISION_PATHS, ADMIN_PATHS);
}
