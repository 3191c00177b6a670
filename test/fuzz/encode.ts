import type { MethodDefinition } from '@grpc/grpc-js';
import { readContext } from '../../services/engine/data/context.ts';
import { readEntities } from '../../services/engine/data/entities.ts';
import { parseJson } from '../../services/engine/raw/json.ts';
import { uidKey } from '../../services/engine/value/value.ts';
import type { AuthorizeRequest } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import { CONTRACT, SERVICE_NAME } from '../../services/pdp/wire/grpc/contract.ts';
import type { Random } from '../engine/data/random.ts';
import type { Asked } from './asked.ts';
import { typedEntity, typedRecord } from './typed.ts';

const definition = CONTRACT[SERVICE_NAME] as unknown as {
  readonly Authorize: MethodDefinition<AuthorizeRequest, unknown>;
};

/** The body of POST /v1/authorize. */
export function bodyText(asked: Asked): string {
  const { principal, action, resource, bundle, requestId, detail, mode } = asked;
  const rest = { policy_store: bundle.store, request_id: requestId, detail, mode };

  return `{"principal":${JSON.stringify(principal)},"action":${JSON.stringify(action)},"resource":${JSON.stringify(
    resource,
  )},"context":${asked.context},"entities":${asked.entities},${JSON.stringify(rest).slice(1)}`;
}

/**
 * The bytes of an AuthorizeRequest as the stock library writes them; context and entities as JSON, or, where they can be read,
 * as typed values.
 */
export function grpcBytes(random: Random, asked: Asked, jsonOnly: boolean): Buffer {
  const { principal, action, resource, bundle, requestId, detail, mode } = asked;
  const context = jsonOnly || random.oneIn(2) ? undefined : typedContext(asked);
  const entities = jsonOnly || random.oneIn(2) ? undefined : typedEntities(asked);
  const request: AuthorizeRequest = {
    principal,
    action,
    resource,
    policy_store: bundle.store,
    request_id: requestId,
    detail: detail === 'full' ? 'FULL' : 'BASIC',
    mode: mode === 'check' ? 'CHECK' : 'ENFORCE',
    ...(context === undefined ? { context_json: asked.context } : { context }),
    ...(entities === undefined ? { entities_json: asked.entities } : { entities }),
  };

  return definition.Authorize.requestSerialize(request);
}

type Typed<Name extends 'context' | 'entities'> = NonNullable<AuthorizeRequest[Name]>;

function typedContext({ bundle, action, context }: Asked): Typed<'context'> | undefined {
  const declared = bundle.schema.actions.get(uidKey(action.type, action.id));
  if (declared === undefined) return undefined;
  const attributes = new Map(declared.context.attributes);
  attributes.delete('pdp');

  try {
    const read = readContext(
      bundle.schema,
      { context: { kind: 'record', attributes } },
      parseJson(context, 'context'),
    );
    return typedRecord(read.fields);
  } catch {
    return undefined;
  }
}

function typedEntities({ bundle, entities }: Asked): Typed<'entities'> | undefined {
  try {
    const read = readEntities(bundle.schema, parseJson(entities, 'entities'));
    return { entities: read.map(typedEntity) };
  } catch {
    return undefined;
  }
}
