import { credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { ProtoGrpcType } from '../../../services/pdp/wire/generated/authorization.ts';
import type { AuthorizationServiceClient } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizationService.ts';
import type { AuthorizeRequest } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { AuthorizeResult__Output } from '../../../services/pdp/wire/generated/palisade/v1/AuthorizeResult.ts';
import type { ConstraintsRequest } from '../../../services/pdp/wire/generated/palisade/v1/ConstraintsRequest.ts';
import { CONTRACT } from '../../../services/pdp/wire/grpc/contract.ts';

export const GRPC_METHODS = ['Authorize', 'AuthorizeBatch', 'AuthorizeStream', 'Constraints'] as const;
export type GrpcMethod = (typeof GRPC_METHODS)[number];

/** Runs `body` with a client whose connection is its own; `roots` is a certificate to trust, absent: no TLS. */
export async function withGrpc<T>(
  address: string,
  body: (client: AuthorizationServiceClient) => Promise<T>,
  roots?: Buffer,
): Promise<T> {
  const { palisade } = loadPackageDefinition(CONTRACT) as unknown as ProtoGrpcType;
  const channel = roots === undefined ? credentials.createInsecure() : credentials.createSsl(roots);
  const client = new palisade.v1.AuthorizationService(address, channel, {
    'grpc.use_local_subchannel_pool': 1,
    // RFC 6066, section 3: an address is no server name.
    ...(roots === undefined ? {} : { 'grpc.ssl_target_name_override': 'localhost' }),
  });
  try {
    return await body(client);
  } finally {
    client.close();
  }
}

/**
 * Asks one question by any method.
 * @returns the decision, of Constraints `ALLOW` where the action is possible; else the code of its error, or `status <n>` where the call itself failed.
 */
export function ask(
  client: AuthorizationServiceClient,
  method: GrpcMethod,
  request: AuthorizeRequest,
  authorization?: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  if (authorization !== undefined) metadata.set('authorization', authorization);

  return new Promise((resolve) => {
    const fail = (error: ServiceError) => resolve(`status ${error.code}`);
    if (method === 'Authorize') {
      client.authorize(request, metadata, (error, reply) =>
        error === null ? resolve(reply?.decision ?? '') : fail(error),
      );
    } else if (method === 'AuthorizeBatch') {
      client.authorizeBatch({ requests: [request] }, metadata, (error, reply) =>
        error === null ? resolve(outcomeOf(reply?.results[0])) : fail(error),
      );
    } else if (method === 'Constraints') {
      client.constraints(constraintsOf(request), metadata, (error, reply) =>
        error === null ? resolve(reply?.actions[0]?.possible === true ? 'ALLOW' : 'DENY') : fail(error),
      );
    } else {
      const stream = client.authorizeStream(metadata);
      stream.on('error', fail);
      stream.on('data', (result: AuthorizeResult__Output) => resolve(outcomeOf(result)));
      stream.write({ ...request, request_id: 'r-1' });
      stream.end();
    }
  });
}

/** What the question has that constraints are asked with as well. */
function constraintsOf({ action, resource, ...request }: AuthorizeRequest): ConstraintsRequest {
  const resource_types = typeof resource?.type === 'string' ? [resource.type] : [];

  return { ...request, actions: action ? [action] : [], resource_types };
}

function outcomeOf(result: AuthorizeResult__Output | undefined): string {
  return result?.response?.decision ?? result?.error?.code ?? '';
}
