import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';
import { parseExactJson } from '../../services/ledger/json.ts';
import type { ProtoGrpcType } from '../../services/pdp/wire/generated/authorization.ts';
import type { ErrorInfo__Output } from '../../services/pdp/wire/generated/google/rpc/ErrorInfo.ts';
import type { AuthorizationServiceClient } from '../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeRequest } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResponse__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeResponse.ts';
import { readContract } from './contract.ts';
import { assertDocumented, contentType } from './documented.ts';
import type { ServerAddresses } from './server.ts';

/**
 * What a call ended in, in the words of REST whichever way it went: the members of a decision, integers as `bigint`; or
 * `error` with the code, and `field`, `limit` and `trace_id` where there are any. An error has no `decision`.
 */
export type Outcome = Readonly<Record<string, unknown>>;

/** One caller, who knows the contract from `proto/` alone. */
export interface DecisionClient {
  /** POST /v1/authorize with this body. */
  rest(body: string | Uint8Array): Promise<Outcome>;
  /** Authorize with this message, or with bytes that no encoder would write. */
  grpc(message: AuthorizeRequest | Uint8Array): Promise<Outcome>;
  close(): void;
}

const CONTRACT = readContract('palisade/v1/authorization.proto');
const RPC = readContract('google/rpc/status.proto', 'google/rpc/error_details.proto');
const REQUEST = CONTRACT['palisade.v1.AuthorizeRequest'] as MessageTypeDefinition<AuthorizeRequest, unknown>;
const RESPONSE = CONTRACT['palisade.v1.AuthorizeResponse'] as MessageTypeDefinition<
  unknown,
  AuthorizeResponse__Output
>;

/**
 * @param token of a credential; absent, the calls are anonymous.
 * @param deadlineMs of each call over gRPC; absent, the server's own.
 */
export function createDecisionClient(
  addresses: ServerAddresses,
  token?: string,
  deadlineMs?: number,
): DecisionClient {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const service = grpcService(addresses.grpc);

  return {
    rest: (body) => postAuthorize(addresses.rest, authorization, Buffer.from(body)),

    grpc(message) {
      const bytes = message instanceof Uint8Array ? Buffer.from(message) : REQUEST.serialize(message);

      return new Promise((resolve, reject) => {
        service.makeUnaryRequest(
          '/palisade.v1.AuthorizationService/Authorize',
          (raw: Buffer) => raw,
          RESPONSE.deserialize,
          bytes,
          Metadata.fromHttp2Headers(authorization),
          deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
          (error, reply) => {
            if (error !== null) resolve(grpcError(error));
            else if (reply === undefined) reject(new Error('neither a reply nor an error'));
            else resolve(grpcReply(reply));
          },
        );
      });
    },

    close: () => service.close(),
  };
}

/** Decodes an AuthorizeResponse the way any client does. */
export function decodeResponse(bytes: Uint8Array): AuthorizeResponse__Output {
  return RESPONSE.deserialize(Buffer.from(bytes));
}

/** Encodes an AuthorizeRequest, for tests that then alter its bytes. */
export function encodeRequest(message: AuthorizeRequest): Buffer {
  return REQUEST.serialize(message);
}

export function grpcService(address: string): AuthorizationServiceClient {
  const { palisade } = loadPackageDefinition(CONTRACT) as unknown as ProtoGrpcType;

  // A channel of its own: grpc-js shares them between clients otherwise.
  return new palisade.v1.AuthorizationService(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
}

function postAuthorize(
  address: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `http://${address}/v1/authorize`,
      {
        method: 'POST',
        agent: false,
        headers: { ...headers, 'content-type': 'application/json', 'content-length': body.length },
      },
      (response) => {
        text(response).then((answer) => {
          assertDocumented('POST', '/v1/authorize', {
            status: response.statusCode ?? 0,
            type: contentType(response.headers['content-type']),
            text: answer,
          });
          const members = parseExactJson(answer) as Record<string, unknown>;
          resolve(response.statusCode === 200 ? members : restError(members));
        }, reject);
      },
    );
    // A server may break off a body that it does not want before all of it is sent.
    request.on('error', ({ message }) => resolve({ error: `connection: ${message}` })).end(body);
  });
}

export function restError({ code, field, limit, trace_id }: Record<string, unknown>): Outcome {
  return withoutAbsent({ error: code, field, limit, trace_id });
}

export function grpcError(error: ServiceError): Outcome {
  const { reason, metadata } = errorInfo(error);
  const { field, limit, limit_max, trace_id } = metadata;

  return withoutAbsent({
    error: reason,
    field,
    limit: limit === undefined ? undefined : { name: limit, max: BigInt(limit_max ?? '') },
    trace_id,
  });
}

/** The `google.rpc.ErrorInfo` of a failed call; what grpc-js itself refused has none, and then the status is the reason. */
function errorInfo(error: ServiceError): Pick<ErrorInfo__Output, 'reason' | 'metadata'> {
  const status = RPC['google.rpc.Status'] as MessageTypeDefinition<unknown, { details: { value: Buffer }[] }>;
  const info = RPC['google.rpc.ErrorInfo'] as MessageTypeDefinition<unknown, ErrorInfo__Output>;
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (bytes === undefined) return { reason: `grpc status ${error.code}: ${error.details}`, metadata: {} };

  return info.deserialize(status.deserialize(Buffer.from(bytes)).details[0]?.value ?? Buffer.alloc(0));
}

function grpcReply(reply: AuthorizeResponse__Output): Outcome {
  const { approval, evaluated_at, explanation } = reply;

  return withoutAbsent({
    decision: reply.decision.toLowerCase(),
    decision_id: reply.decision_id,
    request_id: reply.request_id,
    request_digest: reply.request_digest,
    replayed: reply.replayed,
    bundle: { ...reply.bundle },
    state_sequence: BigInt(reply.state_sequence),
    reason_code: reply.reason_code,
    message: reply.message,
    obligations: some(reply.obligations.map(obligationOf)),
    alternatives: some(reply.alternatives),
    approval: approval === null ? undefined : approvalOf(approval),
    limits: some(
      reply.limits.map(({ name, used, max, resets_at }) => ({
        name,
        used: BigInt(used),
        max: BigInt(max),
        ...(resets_at === null ? {} : { resets_at: timeText(resets_at) }),
      })),
    ),
    retry_after_ms: reply.retry_after_ms === '0' ? undefined : BigInt(reply.retry_after_ms),
    enforcement: reply.enforcement.toLowerCase(),
    trace_id: reply.trace_id,
    evaluated_at: timeText(evaluated_at),
    explanation: explanation === null ? undefined : explanationOf(explanation),
  });
}

function approvalOf({
  expires_at,
  ...approval
}: NonNullable<AuthorizeResponse__Output['approval']>): Outcome {
  return withoutAbsent({ ...approval, expires_at: timeText(expires_at) });
}

export function timeText(time: AuthorizeResponse__Output['evaluated_at']): string {
  return new Date(Number(time?.seconds) * 1_000 + Number(time?.nanos) / 1_000_000).toISOString();
}

function obligationOf({ id, params }: AuthorizeResponse__Output['obligations'][number]) {
  const fields = params?.fields ?? [];

  return { id, params: Object.fromEntries(fields.map(({ name, value }) => [name, value?.string])) };
}

/** Protobuf has no absent list; REST leaves an empty one out. */
function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function explanationOf(
  explanation: NonNullable<AuthorizeResponse__Output['explanation']>,
): Record<string, unknown> {
  return {
    determining_policies: explanation.determining_policies.map((policy) => ({
      ...policy,
      effect: policy.effect.toLowerCase(),
    })),
    errors: explanation.errors,
    cedar_decision: explanation.cedar_decision.toLowerCase(),
    policy_decision: explanation.policy_decision.toLowerCase(),
  };
}

/** Protobuf has no absent text; REST leaves an empty one out. */
export function withoutAbsent(members: Readonly<Record<string, unknown>>): Outcome {
  return Object.fromEntries(
    Object.entries(members).filter(([, member]) => member !== undefined && member !== ''),
  );
}
