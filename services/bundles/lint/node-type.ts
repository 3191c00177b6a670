import { entityLiteral } from '../../engine/compiled/shape.ts';
import type { CedarType, Schema } from '../../engine/schema/schema.ts';
import type { Environment } from './applicable.ts';
import { attributeOf, memberOf, type Node, partsOf } from './expression.ts';

/**
 * The type of what can have attributes, in one environment; `undefined` for all else, and where the expression can have no value:
 * there, Cedar's validator has found it unreachable.
 */
export function typeOf(node: Node, environment: Environment, schema: Schema): CedarType | undefined {
  const [operator, body] = partsOf(node);
  const inner = (child: Node): CedarType | undefined => typeOf(child, environment, schema);

  switch (operator) {
    case 'Var':
      return typeOfVariable(String(body), environment);
    case 'Value': {
      const uid = entityLiteral(body);

      return uid === undefined ? undefined : { kind: 'entity', name: uid.type };
    }
    case '.':
      return attributesOf(inner(memberOf(body, 'left')), schema)?.get(attributeOf(body))?.type;
    case 'getTag': {
      const holder = inner(memberOf(body, 'left'));

      return holder?.kind === 'entity' ? schema.entityTypes.get(holder.name)?.tags : undefined;
    }
    case 'if-then-else':
      return inner(memberOf(body, 'then')) ?? inner(memberOf(body, 'else'));
    case 'Record':
      return recordType(body as Node, inner);
    default:
      return undefined;
  }
}

function typeOfVariable(
  name: string,
  { action, principalType, resourceType }: Environment,
): CedarType | undefined {
  switch (name) {
    case 'principal':
      return { kind: 'entity', name: principalType };
    case 'resource':
      return { kind: 'entity', name: resourceType };
    case 'context':
      return action.context;
    default:
      return undefined;
  }
}

function attributesOf(type: CedarType | undefined, schema: Schema) {
  if (type?.kind === 'record') return type.attributes;

  return type?.kind === 'entity' ? schema.entityTypes.get(type.name)?.attributes : undefined;
}

function recordType(fields: Node, inner: (child: Node) => CedarType | undefined): CedarType {
  const attributes = Object.entries(fields).flatMap(([name, field]) => {
    const type = inner(field as Node);

    return type === undefined ? [] : [[name, { type, required: true }] as const];
  });

  return { kind: 'record', attributes: new Map(attributes) };
}
