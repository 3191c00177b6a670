import { randomUUID } from 'node:crypto';
import { type ClientDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import type { AuthorizationServiceClient } from '../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeRequest } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResponse__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeResponse.ts';
import type { AuthorizeResult__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeResult.ts';
import { grpcClient, metadataOf } from '../pdp/wire/support.ts';
import type { ServerAddresses } from '../support/server.ts';

/** What is asked, and what the bundle must answer. */
export interface Question {
  readonly principal: Uid;
  readonly action: Uid;
  readonly resource: Uid;
  readonly context: object;
  /** Absent: that depends on the bundle. */
  readonly want?: 'allow' | 'deny';
}

interface Uid {
  readonly type: string;
  readonly id: string;
}

/** A decision that reached the client. */
export interface Answer {
  readonly question: Question;
  readonly requestId: string;
  readonly decisionId: string;
  readonly decision: string;
  readonly digest: string;
  readonly sequence: bigint;
  readonly determining: readonly string[];
}

/** A request without a decision: the server's error code, or what the connection said. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export type Outcome = { readonly answer: Answer } | { readonly refusal: Refusal };

/** One way to a server; every question is settled, within the deadline. */
export interface Asker {
  ask(question: Question): Promise<Outcome>;
  close(): void;
}

/** Five times what a call gets that brings no deadline: longer, and the server has lost it. */
const DEADLINE_MS = 10_000;

export function askOverGrpc({ grpc }: ServerAddresses, token: string): Asker {
  const client = grpcClient(portOf(grpc));
  const metadata = metadataOf({ authorization: `Bearer ${token}` });

  return {
    ask(question) {
      const request = messageOf(question);

      return new Promise((resolve) => {
        client.authorize(request, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, reply) => {
          if (error !== null) resolve(refusalOf(error));
          else if (reply !== undefined) resolve(answerOf(question, reply));
        });
      });
    },

    close: () => client.close(),
  };
}

/** Questions go over one stream at a time; a broken one takes with it what is unanswered, and the next question opens another. */
export function askOverStream({ grpc }: ServerAddresses, token: string): Asker {
  const client = grpcClient(portOf(grpc));
  let open: OpenStream | undefined;

  return {
    ask(question) {
      if (open === undefined || open.ended) open = openStream(client, token);

      return open.ask(question);
    },

    close() {
      open?.end();
      client.close();
    },
  };
}

export function askOverRest({ rest }: ServerAddresses, token: string): Asker {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };

  return {
    async ask(question) {
      const { principal, action, resource, context } = question;
      const request = { principal, action, resource, context, request_id: randomUUID(), detail: 'full' };
      try {
        const response = await fetch(`http://${rest}/v1/authorize`, {
          method: 'POST',
          headers,
          body: JSON.stringify(request),
          signal: AbortSignal.timeout(DEADLINE_MS),
        });
        const body = (await response.json()) as RestReply & { code: string; detail: string };
        if (!response.ok) return { refusal: { code: body.code, message: body.detail } };

        return answerOf(question, body);
      } catch (thrown) {
        return { refusal: brokenConnection(thrown) };
      }
    },

    close: () => undefined,
  };
}

interface OpenStream {
  readonly ended: boolean;
  ask(question: Question): Promise<Outcome>;
  end(): void;
}

function openStream(client: AuthorizationServiceClient, token: string): OpenStream {
  const stream: ClientDuplexStream<AuthorizeRequest, AuthorizeResult__Output> = client.authorizeStream(
    metadataOf({ authorization: `Bearer ${token}` }),
  );
  const waiting = new Map<string, { question: Question; settle: (outcome: Outcome) => void }>();
  let ended = false;
  const end = (refusal: Refusal): void => {
    ended = true;
    for (const { settle } of waiting.values()) settle({ refusal });
    waiting.clear();
  };

  stream.on('data', (result: AuthorizeResult__Output) => {
    const asked = waiting.get(result.request_id);
    waiting.delete(result.request_id);
    if (result.response) asked?.settle(answerOf(asked.question, result.response));
    else asked?.settle({ refusal: { code: result.error?.code ?? '', message: result.error?.message ?? '' } });
  });
  stream.on('error', (error: ServiceError) => end(refusalOf(error).refusal));
  stream.on('end', () => end({ code: 'END', message: 'the stream ended' }));

  return {
    get ended() {
      return ended;
    },
    ask(question) {
      const request = messageOf(question);

      return new Promise((resolve) => {
        const timer = setTimeout(
          () => resolve({ refusal: { code: 'DEADLINE_EXCEEDED', message: 'no answer on the stream' } }),
          DEADLINE_MS,
        );
        const settle = (outcome: Outcome): void => {
          clearTimeout(timer);
          resolve(outcome);
        };
        waiting.set(request.request_id, { question, settle });
        stream.write(request);
      });
    },
    end: () => stream.end(),
  };
}

function messageOf({ principal, action, resource, context }: Question) {
  return {
    principal,
    action,
    resource,
    context_json: JSON.stringify(context),
    request_id: randomUUID(),
    detail: 'FULL' as const,
  };
}

type RestReply = Omit<
  Pick<
    AuthorizeResponse__Output,
    'decision' | 'decision_id' | 'request_id' | 'bundle' | 'state_sequence' | 'explanation'
  >,
  'state_sequence' | 'decision' | 'explanation'
> & {
  readonly decision: string;
  readonly state_sequence: string | number;
  readonly explanation?: { readonly determining_policies: readonly { readonly policy_id: string }[] } | null;
};

function answerOf(question: Question, reply: AuthorizeResponse__Output | RestReply): { answer: Answer } {
  return {
    answer: {
      question,
      requestId: reply.request_id,
      decisionId: reply.decision_id,
      decision: reply.decision.toLowerCase(),
      digest: reply.bundle?.digest ?? '',
      sequence: BigInt(String(reply.state_sequence)),
      determining: (reply.explanation?.determining_policies ?? []).map(({ policy_id }) => policy_id),
    },
  };
}

function refusalOf(error: ServiceError): { refusal: Refusal } {
  return { refusal: { code: status[error.code] ?? String(error.code), message: error.details } };
}

function brokenConnection(thrown: unknown): Refusal {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const cause = error.cause instanceof Error ? error.cause : error;

  return { code: 'code' in cause ? String(cause.code) : cause.name, message: cause.message };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}
