import { Metadata } from '@grpc/grpc-js';
import { parseExactJson } from '../../services/ledger/json.ts';
import type { ReportOutcomeRequest } from '../../services/pdp/wire/generated/palisade/v1/ReportOutcomeRequest.ts';
import type { ReportOutcomeResponse__Output } from '../../services/pdp/wire/generated/palisade/v1/ReportOutcomeResponse.ts';
import { grpcError, grpcService, type Outcome, restError } from './decision-client.ts';
import { documentedText } from './documented.ts';
import type { ServerAddresses } from './server.ts';

/** One runtime that reports what its calls came to; answers are in the words of REST whichever way they went. */
export interface OutcomeClient {
  /** POST /v1/decisions/{decision_id}/outcome with this body. */
  rest(decisionId: unknown, body: string): Promise<Outcome>;
  /** ReportOutcome with this message. */
  grpc(message: ReportOutcomeRequest): Promise<Outcome>;
  close(): void;
}

/** @param token of a credential; absent, the calls are anonymous. */
export function createOutcomeClient(addresses: ServerAddresses, token?: string): OutcomeClient {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const service = grpcService(addresses.grpc);

  return {
    async rest(decisionId, body) {
      const path = `/v1/decisions/${decisionId}/outcome`;
      const response = await fetch(`http://${addresses.rest}${path}`, {
        method: 'POST',
        headers: { ...authorization, 'content-type': 'application/json' },
        body,
      });
      const members = parseExactJson(await documentedText('POST', path, response)) as Record<string, unknown>;

      return response.status === 200 ? members : restError(members);
    },

    grpc: (message) =>
      new Promise((resolve) => {
        service.reportOutcome(message, Metadata.fromHttp2Headers(authorization), (error, reply) =>
          resolve(error === null && reply !== undefined ? replied(reply) : grpcError(error as never)),
        );
      }),

    close: () => service.close(),
  };
}

function replied({ decision_id, outcome, limits }: ReportOutcomeResponse__Output): Outcome {
  const settled = limits.map(({ name, reserved, charged }) => ({
    name,
    reserved: BigInt(reserved),
    charged: BigInt(charged),
  }));

  return {
    decision_id,
    outcome: outcome.toLowerCase(),
    ...(settled.length === 0 ? {} : { limits: settled }),
  };
}
