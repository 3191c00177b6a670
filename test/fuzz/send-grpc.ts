import { type Metadata, type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import type { AuthorizationServiceClient } from '../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeBatchResponse__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeBatchResponse.ts';
import type { AuthorizeResponse__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeResponse.ts';
import type { AuthorizeResult__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeResult.ts';
import { CONTRACT, SERVICE_NAME } from '../../services/pdp/wire/grpc/contract.ts';
import {
  ANSWER_MS,
  type Answer,
  BROKEN,
  type Decided,
  NO_ANSWER,
  type Outcome,
  type Refused,
} from './answer.ts';
import type { EdgeCase } from './edge-case.ts';

const METHODS = CONTRACT[SERVICE_NAME] as unknown as {
  readonly Authorize: MethodDefinition<unknown, AuthorizeResponse__Output>;
  readonly AuthorizeBatch: MethodDefinition<unknown, AuthorizeBatchResponse__Output>;
  readonly AuthorizeStream: MethodDefinition<unknown, AuthorizeResult__Output>;
};

/** Sends the bytes of a case as they are, in the framing of a real client. */
export async function sendGrpc(
  client: AuthorizationServiceClient,
  metadata: Metadata,
  edge: EdgeCase,
): Promise<Answer> {
  switch (edge.method) {
    case 'authorize': {
      const { reply, refused } = await unary(client, metadata, METHODS.Authorize, Buffer.concat(edge.bodies));

      return { items: reply === undefined ? [] : [{ key: '0', outcome: decided(reply) }], refused };
    }
    case 'batch': {
      const { reply, refused } = await unary(client, metadata, METHODS.AuthorizeBatch, batchOf(edge));

      return {
        items: (reply?.results ?? []).map((result) => ({
          key: String(result.index),
          outcome: outcomeOf(result),
        })),
        refused,
      };
    }
    case 'stream':
      return stream(client, metadata, edge);
  }
}

const REQUESTS_FIELD = 0x0a;

/** Written by hand, since its items need not be messages. */
function batchOf({ bodies }: EdgeCase): Buffer {
  return Buffer.concat(
    bodies.flatMap((body) => [Buffer.from([REQUESTS_FIELD, ...varint(body.length)]), body]),
  );
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

function unary<Reply>(
  client: AuthorizationServiceClient,
  metadata: Metadata,
  method: MethodDefinition<unknown, Reply>,
  bytes: Buffer,
): Promise<{ readonly reply?: Reply; readonly refused: Refused | undefined }> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      method.path,
      (raw: Buffer) => raw,
      method.responseDeserialize,
      bytes,
      metadata,
      { deadline: Date.now() + ANSWER_MS },
      (error, reply) => {
        if (error !== null) resolve({ refused: refusalOf(error) });
        else if (reply === undefined) resolve({ refused: { code: BROKEN, message: 'no reply' } });
        else resolve({ reply, refused: undefined });
      },
    );
  });
}

function stream(
  client: AuthorizationServiceClient,
  metadata: Metadata,
  { bodies }: EdgeCase,
): Promise<Answer> {
  const { path, responseDeserialize } = METHODS.AuthorizeStream;
  const items: { key: string; outcome: Outcome }[] = [];

  return new Promise((resolve) => {
    const call = client.makeBidiStreamRequest(path, (bytes: Buffer) => bytes, responseDeserialize, metadata, {
      deadline: Date.now() + ANSWER_MS,
    });
    call.on('data', (result: AuthorizeResult__Output) =>
      items.push({ key: result.request_id, outcome: outcomeOf(result) }),
    );
    call.on('error', (error: ServiceError) => resolve({ items, refused: refusalOf(error) }));
    call.on('end', () => resolve({ items, refused: undefined }));
    for (const body of bodies) call.write(body);
    call.end();
  });
}

function refusalOf(error: ServiceError): Refused {
  if (error.code === status.DEADLINE_EXCEEDED) return { code: NO_ANSWER, message: error.details };
  const [details] = error.metadata.get('grpc-status-details-bin');
  // The server says what it means in the details; without them it was the library that spoke.
  const code = (status[error.code] ?? String(error.code)).toLowerCase();

  return { code: details === undefined ? `bare ${code}` : code, message: error.details };
}

function outcomeOf({ response, error }: AuthorizeResult__Output): Outcome {
  if (response) return decided(response);

  return error ? { code: error.code, message: error.message } : { code: BROKEN, message: 'an empty result' };
}

function decided(reply: AuthorizeResponse__Output): Decided {
  const { explanation, evaluated_at } = reply;
  const ms = Number(evaluated_at?.seconds ?? 0) * 1000 + (evaluated_at?.nanos ?? 0) / 1_000_000;

  return {
    decision: reply.decision.toLowerCase(),
    reasonCode: reply.reason_code,
    enforcement: reply.enforcement.toLowerCase(),
    evaluatedAt: new Date(ms).toISOString(),
    explanation: explanation
      ? {
          determining: explanation.determining_policies.map(({ policy_id }) => policy_id),
          errors: explanation.errors.map(({ policy_id }) => policy_id),
          cedarDecision: explanation.cedar_decision.toLowerCase(),
        }
      : undefined,
  };
}
