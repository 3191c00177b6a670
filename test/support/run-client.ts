import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { parseExactJson } from '../../services/ledger/json.ts';
import type { ProtoGrpcType } from '../../services/pdp/wire/generated/authorization.ts';
import type { RunStatus__Output } from '../../services/pdp/wire/generated/palisade/v1/RunStatus.ts';
import { readContract } from './contract.ts';
import { grpcError, type Outcome, restError, timeText, withoutAbsent } from './decision-client.ts';
import { documentedText } from './documented.ts';
import type { ServerAddresses } from './server.ts';

type Members = Readonly<Record<string, unknown>>;

/** One caller of the operations on runs; what they end in is in the words of REST, as decisions are. */
export interface RunClient {
  start(members: Members): Promise<Outcome>;
  end(runId: string, members?: Members): Promise<Outcome>;
  get(runId: string): Promise<Outcome>;
}

/** @param authorization such as `Bearer …`; absent, the calls are anonymous. */
export function restRuns(addresses: Pick<ServerAddresses, 'rest'>, authorization?: string): RunClient {
  return {
    start: (members) => send('POST', '', members),
    end: (runId, members = {}) => send('POST', `/${encodeURIComponent(runId)}/end`, members),
    get: (runId) => send('GET', `/${encodeURIComponent(runId)}`),
  };

  async function send(method: string, path: string, members?: Members): Promise<Outcome> {
    const response = await fetch(`http://${addresses.rest}/v1/runs${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(members === undefined ? {} : { body: JSON.stringify(members) }),
    });
    const answer = parseExactJson(await documentedText(method, `/v1/runs${path}`, response)) as Record<
      string,
      unknown
    >;

    return response.ok ? answer : restError(answer);
  }
}

const CONTRACT = readContract('palisade/v1/authorization.proto');

/** The same over gRPC. @param deadlineMs of each call; absent, the server's own. */
export function grpcRuns(
  addresses: Pick<ServerAddresses, 'grpc'>,
  authorization?: string,
  deadlineMs?: number,
): RunClient {
  const { palisade } = loadPackageDefinition(CONTRACT) as unknown as ProtoGrpcType;
  const metadata = Metadata.fromHttp2Headers(authorization === undefined ? {} : { authorization });

  return {
    start: (members) => send('StartRun', members),
    end: (run_id, members = {}) => send('EndRun', { ...members, run_id }),
    get: (run_id) => send('GetRun', { run_id }),
  };

  function send(method: 'StartRun' | 'EndRun' | 'GetRun', message: Members): Promise<Outcome> {
    const client = new palisade.v1.AuthorizationService(addresses.grpc, credentials.createInsecure());
    const request = method === 'StartRun' ? 'StartRunRequest' : `${method}Request`;
    const type = CONTRACT[`palisade.v1.${request}`] as MessageTypeDefinition<Members, unknown>;
    const status = CONTRACT['palisade.v1.RunStatus'] as MessageTypeDefinition<unknown, RunStatus__Output>;

    return new Promise<Outcome>((resolve, reject) => {
      client.makeUnaryRequest(
        `/palisade.v1.AuthorizationService/${method}`,
        type.serialize,
        status.deserialize,
        message,
        metadata,
        deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, reply?: RunStatus__Output) => {
          if (error !== null) resolve(grpcError(error));
          else if (reply === undefined) reject(new Error('neither a reply nor an error'));
          else resolve(statusOf(reply));
        },
      );
    }).finally(() => client.close());
  }
}

function statusOf(reply: RunStatus__Output): Outcome {
  return withoutAbsent({
    ...reply,
    steps: BigInt(reply.steps),
    started_at: timeText(reply.started_at),
    ends_at: timeText(reply.ends_at),
  });
}
