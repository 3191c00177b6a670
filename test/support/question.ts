import { parseUidText } from '../../services/bundles/uid-text.ts';
import type { RawUid } from '../../services/engine/raw/raw.ts';
import { type JsonValue, jsonText } from '../../services/ledger/json.ts';
import type { AuthorizeRequest } from '../../services/pdp/wire/generated/palisade/v1/AuthorizeRequest.ts';

/** What is asked, the same over every transport. */
export interface Question {
  /** As Cedar text has it: `Agent::"bot"`. */
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  /** JSON text, sent to the letter. */
  readonly context?: string | undefined;
  /** JSON text, sent to the letter. */
  readonly entities?: string | undefined;
  /** All other members of an Authorize message, in the words of REST. */
  readonly members?: Readonly<Record<string, JsonValue>> | undefined;
}

/** The body of POST /v1/authorize. */
export function restBody({ principal, action, resource, context, entities, members }: Question): string {
  const texts = [
    ...Object.entries(parc({ principal, action, resource })).map(([name, uid]) =>
      memberText(name, JSON.stringify(uid)),
    ),
    ...(context === undefined ? [] : [memberText('context', context)]),
    ...(entities === undefined ? [] : [memberText('entities', entities)]),
    ...Object.entries(members ?? {}).map(([name, value]) => memberText(name, jsonText(value))),
  ];

  return `{${texts.join()}}`;
}

/** The AuthorizeRequest, context and entities as JSON text in it. */
export function grpcMessage({ context, entities, members, ...asked }: Question): AuthorizeRequest {
  return {
    ...parc(asked),
    ...(context === undefined ? {} : { context_json: context }),
    ...(entities === undefined ? {} : { entities_json: entities }),
    ...(inProtobuf(members ?? {}) as object),
  };
}

export function uidOf(text: string): RawUid {
  const uid = parseUidText(text);
  if (uid === undefined) throw new Error(`${text} is no entity`);

  return uid;
}

function parc({ principal, action, resource }: Pick<Question, 'principal' | 'action' | 'resource'>) {
  return { principal: uidOf(principal), action: uidOf(action), resource: uidOf(resource) };
}

function memberText(name: string, text: string): string {
  return `${JSON.stringify(name)}:${text}`;
}

const ENUMS: ReadonlySet<string> = new Set(['mode', 'detail']);

/** proto-loader takes 64-bit numbers as text, and enum values by their names. */
function inProtobuf(value: JsonValue, name = ''): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'string' && ENUMS.has(name)) return value.toUpperCase();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => inProtobuf(element));

  return Object.fromEntries(
    Object.entries(value).map(([member, below]) => [member, inProtobuf(below, member)]),
  );
}
