import type { MethodDefinition } from '@grpc/grpc-js';
import type { AuthorizeRequest__Output } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';
import type { Record__Output } from '../../services/pdp/wire/generated/palisade/v1/Record.ts';
import type { Value__Output } from '../../services/pdp/wire/generated/palisade/v1/Value.ts';
import { CONTRACT, SERVICE_NAME } from '../../services/pdp/wire/grpc/contract.ts';
import type { EdgeCase } from './edge-case.ts';
import { type Exact, exactNumber, isObject, parseExact, repeatsNames } from './exact-json.ts';

/** A request as the oracle reads it, with the stock readers: `JSON.parse` and protobuf.js. */
export interface Reading {
  readonly store: Exact;
  readonly principal: Exact;
  readonly action: Exact;
  readonly resource: Exact;
  readonly context: Exact;
  readonly entities: Exact;
}

const METHODS = CONTRACT[SERVICE_NAME] as unknown as {
  readonly Authorize: MethodDefinition<AuthorizeRequest__Output, unknown>;
};

/**
 * All requests of a case by the key that their answer has. What cannot be read, or could be read in two ways, is missing: no
 * decision may be made of it.
 */
export function readCase(edge: EdgeCase): ReadonlyMap<string, readonly Reading[]> {
  const readings = new Map<string, Reading[]>();
  const add = (key: string, read: () => Reading): void => {
    try {
      const reading = read();
      readings.set(key, [...(readings.get(key) ?? []), reading]);
    } catch {
      // Missing, as the contract of this function says.
    }
  };

  if (edge.transport === 'rest') {
    for (const [index, one] of restRequests(edge).entries()) add(String(index), () => restReading(one));
    return readings;
  }
  for (const [index, message] of grpcRequests(edge).entries()) {
    add(edge.method === 'stream' ? message.request_id : String(index), () => grpcReading(message));
  }

  return readings;
}

function restRequests({ bodies, method }: EdgeCase): readonly Exact[] {
  const body = Buffer.concat(bodies);
  const texts = method === 'batch' ? batchItems(body) : [body];

  return texts.map((bytes) => attempt(() => unambiguous(fatalUtf8.decode(bytes))) ?? null);
}

const fatalUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The items of a batch, each for itself, since one that is broken spoils no other. Brackets and commas are ASCII. */
function batchItems(body: Buffer): readonly Buffer[] {
  const items = [''];
  let depth = 0;
  for (const [token] of body.toString('latin1').matchAll(/"(?:[^"\\]|\\.)*"?|[{}[\],]|[^"{}[\],]+/gs)) {
    if (depth === 2 && token === ',') items.push('');
    else if (depth > 2 || (depth === 2 && token !== ']')) items[items.length - 1] += token;
    if (/^[{[]$/.test(token)) depth += 1;
    else if (/^[}\]]$/.test(token) && !(depth === 2 && token === '}')) depth -= 1;
  }

  return items.map((item) => Buffer.from(item, 'latin1'));
}

function restReading(tree: Exact): Reading {
  if (!isObject(tree)) throw new Error('no request');

  return {
    store: tree['policy_store'] ?? '',
    principal: tree['principal'] ?? null,
    action: tree['action'] ?? null,
    resource: tree['resource'] ?? null,
    context: tree['context'] ?? {},
    entities: tree['entities'] ?? [],
  };
}

function grpcRequests({ bodies }: EdgeCase): readonly AuthorizeRequest__Output[] {
  return bodies.map((body) => attempt(() => METHODS.Authorize.requestDeserialize(body)) ?? NOTHING);
}

const NOTHING = METHODS.Authorize.requestDeserialize(Buffer.alloc(0));

function grpcReading(message: AuthorizeRequest__Output): Reading {
  const { principal, action, resource, context, context_json, entities, entities_json } = message;

  return {
    store: message.policy_store,
    principal: principal as Exact,
    action: action as Exact,
    resource: resource as Exact,
    context: context ? fromRecord(context) : unambiguous(context_json ?? '{}'),
    entities: entities
      ? entities.entities.map(({ uid, attrs, parents, tags }) => ({
          uid: uid as Exact,
          attrs: attrs === null ? {} : fromRecord(attrs),
          parents: parents as unknown as Exact,
          tags: tags === null ? {} : fromRecord(tags),
        }))
      : unambiguous(entities_json ?? '[]'),
  };
}

function fromRecord({ fields }: Record__Output): Exact {
  if (new Set(fields.map(({ name }) => name)).size < fields.length) throw new Error('a name is repeated');

  return Object.fromEntries(
    fields.map(({ name, value }) => [name, value === null ? null : fromValue(value)]),
  );
}

function fromValue(value: Value__Output): Exact {
  switch (value.kind) {
    case 'bool':
      return value.bool ?? null;
    case 'long':
      return exactNumber(value.long ?? '');
    case 'string':
      return value.string ?? null;
    case 'entity':
      return { __entity: value.entity as Exact };
    case 'extension':
      return {
        __extn: { fn: value.extension?.fn ?? '', args: (value.extension?.args ?? []).map(fromValue) },
      };
    case 'set':
      return (value.set?.elements ?? []).map(fromValue);
    case 'record':
      return value.record ? fromRecord(value.record) : null;
    default:
      return null;
  }
}

function unambiguous(text: string): Exact {
  if (text.includes('\ufffd')) throw new Error('damaged text');
  const tree = parseExact(text);
  if (repeatsNames(text)) throw new Error('a name is repeated');

  return tree;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
