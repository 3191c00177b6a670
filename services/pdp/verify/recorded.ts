import type { CompiledBundle } from '../../bundles/compile.ts';
import type { AskedRequest } from '../../bundles/inform.ts';
import { readContext } from '../../engine/data/context.ts';
import { uidInJson } from '../../engine/data/read-uid.ts';
import { type FactName, type Facts, factTypeOf } from '../../engine/facts.ts';
import { LIMITS } from '../../engine/limits.ts';
import { parseJson } from '../../engine/raw/json.ts';
import { type RawNode, RawObject } from '../../engine/raw/raw.ts';

/** Levels that explicit JSON may have beyond what a caller sent: the request's own, and two for each of two nested calls. */
const ESCAPES = 5;
const TEXT_LIMITS = {
  json_depth: LIMITS.json_depth + ESCAPES,
  string_bytes: Number.POSITIVE_INFINITY,
  record_fields: Number.POSITIVE_INFINITY,
};

/**
 * Reads back what a decision's record keeps of its request; see `requestText`. The bundle's schema still has to be asked.
 * @throws PdpError or Error where the text is no such request.
 */
export function readRecordedRequest(text: string): AskedRequest {
  const request = parseJson(text, 'request', TEXT_LIMITS);
  if (!(request instanceof RawObject)) throw new Error('a recorded request is no object');
  const member = (name: string): RawNode => request.entries.get(name) ?? null;

  return {
    principal: uidOf(member('principal')),
    action: uidOf(member('action')),
    resource: uidOf(member('resource')),
    context: member('context'),
    entities: member('entities'),
  };
}

/**
 * Reads back the facts that a decision's record tells, by their own types.
 * @throws PdpError where one is missing or of another type.
 */
export function readRecordedFacts(
  { schema }: Pick<CompiledBundle, 'schema'>,
  text: string,
  names: readonly FactName[],
): Facts {
  const raw = parseJson(text, 'facts', TEXT_LIMITS);
  const members = (name: FactName): readonly string[] => {
    const fact = raw instanceof RawObject ? raw.entries.get(name) : undefined;

    return fact instanceof RawObject ? [...fact.entries.keys()] : [];
  };
  const attributes = new Map(
    names.map((name) => [name, { type: factTypeOf(name, members(name)), required: true }]),
  );
  const context = { kind: 'record', attributes } as const;

  return Object.fromEntries(readContext(schema, { context }, raw).fields);
}

function uidOf(raw: RawNode): AskedRequest['principal'] {
  const uid = uidInJson(raw);
  if (uid === undefined) throw new Error('a recorded request names no entity');

  return uid;
}
