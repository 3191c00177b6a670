import { schemaToJsonWithResolvedTypes } from '@cedar-policy/cedar-wasm/nodejs';
import { readContext } from '../../services/engine/data/context.ts';
import { readEntities } from '../../services/engine/data/entities.ts';
import { parseTrustedJson } from '../../services/engine/raw/json.ts';
import { readSchema } from '../../services/engine/schema/read.ts';
import type { AuthorizeRequest } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import { typedEntity, typedRecord } from './typed.ts';
import { entitiesOf, type WorstCase } from './worst-cases.ts';

/** The request of a case with typed values instead of JSON. */
export function typedRequest(worst: WorstCase, size: number): AuthorizeRequest {
  const answer = schemaToJsonWithResolvedTypes(worst.bundle['schema.cedarschema'] ?? '');
  if (answer.type !== 'success') throw new Error('a schema that Cedar cannot resolve');
  const schema = readSchema(answer.json);
  const action = schema.actions.get('Action::"act"');
  if (action === undefined) throw new Error('a schema without its action');

  return {
    principal: { type: 'P', id: '0' },
    action: { type: 'Action', id: 'act' },
    resource: worst.resource ?? { type: 'R', id: 'r' },
    context: typedRecord(readContext(schema, action, parseTrustedJson(worst.context(size))).fields),
    entities: {
      entities: readEntities(schema, parseTrustedJson(entitiesOf(worst, size))).map(typedEntity),
    },
  };
}
