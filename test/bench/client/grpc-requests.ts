import type { AuthorizationServiceDefinition } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import { CONTRACT, SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import type { BenchRequest } from '../workload.ts';
import { framed } from './grpc-message.ts';
import type { LoadOrder } from './messages.ts';
import { type Prepared, requestsOf } from './prepared.ts';

const DEFINITION = CONTRACT[SERVICE_NAME] as unknown as AuthorizationServiceDefinition;

/** The requests of an order as messages of Authorize and AuthorizeStream. */
export function prepareEach(order: LoadOrder): Prepared[] {
  return requestsOf(order).map((request) => ({
    id: request.id,
    bytes: framed(DEFINITION.Authorize.requestSerialize(messageOf(request))),
    want: [request.want],
  }));
}

/** The requests of an order as batches; each begins elsewhere, so that no two are equal. */
export function prepareBatches(order: LoadOrder, size: number): Prepared[] {
  const all = requestsOf(order);

  return all.map(({ id }, first) => {
    const requests = Array.from(
      { length: size },
      (_, index) => all[(first + index) % all.length] ?? [],
    ).flat();

    return {
      id,
      bytes: framed(DEFINITION.AuthorizeBatch.requestSerialize({ requests: requests.map(messageOf) })),
      want: requests.map(({ want }) => want),
    };
  });
}

function messageOf({ id, runId, context, entities, ...uids }: BenchRequest): AuthorizeRequest {
  const { principal, action, resource } = uids;

  return {
    principal,
    action,
    resource,
    context_json: context,
    entities_json: entities,
    request_id: id,
    run: { run_id: runId, step: '7', tool_call_id: `call-${id}` },
  };
}
