import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { SecureVersion, TLSSocket } from 'node:tls';
import { credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { type CredentialDirectory, credentialDirectory } from '../../../services/pdp/credentials.ts';
import { createRateLimiter } from '../../../services/pdp/rate-limiter.ts';
import { createDecisionService, type ServiceOptions } from '../../../services/pdp/service.ts';
import { followTlsFiles, type TlsFiles } from '../../../services/pdp/tls/follow-files.ts';
import type { ClientCertificates } from '../../../services/pdp/tls/material.ts';
import { createToken } from '../../../services/pdp/token.ts';
import type { ProtoGrpcType } from '../../../services/pdp/wire/generated/authorization.ts';
import type { AuthorizationServiceClient } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import { CONTRACT } from '../../../services/pdp/wire/grpc/contract.ts';
import { createGrpcServer } from '../../../services/pdp/wire/grpc/server.ts';
import { DECISION_PATHS, openApiDocument } from '../../../services/pdp/wire/rest/openapi.ts';
import { createRestServer } from '../../../services/pdp/wire/rest/server.ts';
import type { ActiveCredential } from '../../../services/store/credentials.ts';
import { createLog } from '../../../services/telemetry/log.ts';
import { aCredential } from '../../store/samples.ts';
import { quietObserver } from '../../support/observer.ts';
import { type Issued, issue, type Wanted, writeIssued } from '../../support/x509.ts';
import { type Recorder, recorder } from '../wire/recorder.ts';
import { PARC, type Stream } from '../wire/support.ts';

export const BUILD = 'URI:spiffe://example.org/agents/build';
export const DEPLOY = 'URI:spiffe://example.org/agents/deploy';
export const LOOPBACK = ['IP:127.0.0.1', 'DNS:localhost'] as const;

/** Both transports over TLS, with the real way of telling callers apart. */
export interface TlsWire {
  readonly recorder: Recorder;
  readonly tls: TlsFiles;
  readonly folder: string;
  readonly server: Issued;
  /** What the server believes clients by. */
  readonly authority: Issued;
  readonly grpcPort: number;
  readonly restPort: number;
  /** Of the credential `token-holder`. */
  readonly token: string;
  /** In milliseconds since the epoch, as the service sees it. */
  clock: () => number;
  /** What is not revoked; a test takes away and adds. */
  active: ActiveCredential[];
  client(wanted?: Wanted, authority?: Issued): Issued;
  /** Whom the calls that were decided came from. */
  subjects(): readonly string[];
}

export async function withTlsWire(
  clients: ClientCertificates,
  use: (wire: TlsWire) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'palisade-tls-'));
  const authority = issue({ subject: 'clients', authority: true });
  const server = issue({ names: LOOPBACK, authority: true });
  const files = await writeIssued(folder, 'server', server);
  const { cert: clientCa } = await writeIssued(folder, 'clients', authority);
  const tls = await followTlsFiles({
    config: {
      PALISADE_TLS_CERT_FILE: files.cert,
      PALISADE_TLS_KEY_FILE: files.key,
      PALISADE_TLS_CLIENT: clients,
      PALISADE_TLS_CLIENT_CA_FILE: clients === 'off' ? undefined : clientCa,
    },
    log: createLog('silent'),
    everyMs: 20,
  });
  if (tls === undefined) throw new Error('no TLS');

  const { token, credentialId, secretHash } = createToken();
  const recording = recorder();
  const state = {
    clock: Date.now,
    active: [
      active({ id: credentialId, name: 'token-holder', secretHash }),
      active({ name: 'build', secretHash: null, certificateSan: BUILD }),
      active({ name: 'deploy', secretHash: null, certificateSan: DEPLOY }),
    ],
  };
  const service = { ...recording, authenticate: authenticating(state) };
  const shared = {
    service,
    onRefusal: () => undefined,
    observer: quietObserver(),
    receiveTimeoutMs: 5_000,
    tls,
  };
  const grpc = createGrpcServer({ ...shared, reflection: false });
  const rest = createRestServer({ ...shared, hosts: [], openapi: openApiDocument(DECISION_PATHS) });
  try {
    const grpcPort = await grpc.listen('127.0.0.1', 0);
    const restPort = await rest.listen('127.0.0.1', 0);
    await use(
      Object.assign(state, {
        ...{ recorder: recording, tls, folder, server, authority, grpcPort, restPort, token },
        client: (wanted: Wanted = {}, by: Issued = authority) => issue({ names: [BUILD], ...wanted }, by),
        subjects: () => recording.calls.map(({ scope }) => scope.caller.subject),
      }),
    );
  } finally {
    await Promise.all([grpc.shutdown(200), rest.close(200)]);
    await tls.stop();
    await rm(folder, { recursive: true });
  }
}

export function active(changes: Partial<ActiveCredential>): ActiveCredential {
  return { ...aCredential(), createdAt: new Date(0), revokedAt: null, ...changes };
}

/** The service's own way, over credentials that a test can change. */
function authenticating(state: Pick<TlsWire, 'clock' | 'active'>) {
  let held:
    | { readonly of: readonly ActiveCredential[]; readonly credentials: CredentialDirectory }
    | undefined;
  const snapshot = () => {
    if (held?.of !== state.active)
      held = { of: state.active, credentials: credentialDirectory(state.active) };

    return held;
  };
  const { authenticate } = createDecisionService({
    path: { now: () => state.clock() },
    replica: { snapshot },
    anonymousAllowed: true,
    rates: createRateLimiter({ fallback: undefined, processes: 1 }),
  } as unknown as ServiceOptions);

  return authenticate;
}

/** A client that keeps its connection; `ask` gives what came of a question. */
export interface Client {
  /** `ok`, the code of the refusal, or that there was no connection. */
  ask(token?: string): Promise<string>;
  close(): void;
}

export type Connect = (wire: TlsWire, identity: Issued | undefined) => Client;

export const overRest: Connect = ({ restPort, server }, identity) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: server.cert, ...identity });

  return {
    ask: (token) => askRest(restPort, { agent }, token),
    close: () => agent.destroy(),
  };
};

interface RestOptions {
  readonly agent: Agent | false;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly session?: Buffer;
  readonly maxVersion?: SecureVersion;
  readonly onSocket?: (socket: TLSSocket) => void;
}

export function askRest(
  port: number,
  { onSocket, ...options }: RestOptions,
  token?: string,
): Promise<string> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };

  return new Promise((resolve) => {
    const sent = request(
      {
        ...{ host: '127.0.0.1', port, path: '/v1/authorize', method: 'POST', ...options },
        headers: { 'content-type': 'application/json', ...authorization },
      },
      (response) => {
        onSocket?.(response.socket as TLSSocket);
        text(response).then(
          (body) => resolve(response.statusCode === 200 ? 'ok' : (JSON.parse(body) as { code: string }).code),
          () => resolve('no connection'),
        );
      },
    );
    sent.on('error', () => resolve('no connection')).end(JSON.stringify(PARC));
  });
}

export const overGrpc: Connect = (wire, identity) => {
  const client = grpcClient(wire, identity);

  return {
    ask: (token) =>
      new Promise((resolve) => {
        client.authorize(PARC, metadataFor(token), { deadline: Date.now() + 5_000 }, (error) =>
          resolve(error === null ? 'ok' : grpcOutcome(error.code)),
        );
      }),
    close: () => client.close(),
  };
};

/** One stream for all questions. */
export const overStream: Connect = (wire, identity) => {
  const client = grpcClient(wire, identity);
  const streams = new Map<string, Stream>();
  let asked = 0;

  return {
    ask: (token = '') =>
      new Promise((resolve) => {
        const stream = streams.get(token) ?? client.authorizeStream(metadataFor(token || undefined));
        streams.set(token, stream);
        stream.removeAllListeners();
        stream.once('data', () => resolve('ok'));
        stream.once('error', ({ code }: { code: number }) => resolve(grpcOutcome(code)));
        asked += 1;
        stream.write({ ...PARC, request_id: `r-${asked}` });
      }),

    close() {
      for (const stream of streams.values()) {
        stream.removeAllListeners();
        stream.on('error', () => undefined);
        stream.cancel();
      }
      client.close();
    },
  };
};

function grpcOutcome(code: number): string {
  if (code === status.UNAUTHENTICATED) return 'unauthenticated';

  return code === status.UNAVAILABLE ? 'no connection' : `status ${code}`;
}

function metadataFor(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);

  return metadata;
}

function grpcClient({ grpcPort, server }: TlsWire, identity?: Issued): AuthorizationServiceClient {
  const { palisade } = loadPackageDefinition(CONTRACT) as unknown as ProtoGrpcType;
  const [key, cert] =
    identity === undefined ? [null, null] : [identity.key, identity.cert].map((one) => Buffer.from(one));
  const channel = credentials.createSsl(Buffer.from(server.cert), key ?? null, cert ?? null);

  return new palisade.v1.AuthorizationService(`127.0.0.1:${grpcPort}`, channel, {
    'grpc.use_local_subchannel_pool': 1,
    // RFC 6066, section 3: an address is no server name.
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.initial_reconnect_backoff_ms': 100,
  });
}
