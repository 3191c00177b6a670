import type { CompiledBundle } from '../../bundles/compile.ts';
import type { AskedRequest } from '../../bundles/inform.ts';
import { readContext } from '../../engine/data/context.ts';
import { uidInJson } from '../../engine/data/read-uid.ts';
import { PdpError } from '../../engine/error.ts';
import type { Facts } from '../../engine/facts/assert.ts';
import { FACT_NAMES, type FactName, factTypeOf, isOptionalFact } from '../../engine/facts/shape.ts';
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
 * Reads back those of some facts that a decision's record tells, by their own types.
 * @throws PdpError where one is of another type.
 */
export function readToldFacts(
  { schema }: Pick<CompiledBundle, 'schema'>,
  text: string,
  names: readonly FactName[] = FACT_NAMES,
): Facts {
  const raw = parseJson(text, 'facts', TEXT_LIMITS);
  const told = raw instanceof RawObject ? raw.entries : new Map<string, RawNode>();
  const fields = new Map(names.flatMap((name) => (told.has(name) ? [[name, told.get(name) ?? null]] : [])));
  const attributes = new Map(
    [...fields].map(([name, fact]) => [name, { type: factTypeOf(name, fact), required: true }]),
  );
  const context = { kind: 'record', attributes } as const;

  return Object.fromEntries(readContext(schema, { context }, new RawObject(fields)).fields);
}

/**
 * The facts that an action declares, as a decision's record tells them. One that may be absent and is not told was absent.
 * @throws PdpError where another one is missing, or one is of another type.
 */
export function readRecordedFacts(
  bundle: Pick<CompiledBundle, 'schema'>,
  text: string,
  names: readonly FactName[],
): Facts {
  const facts = readToldFacts(bundle, text, names);
  for (const name of names) {
    if (facts[name] === undefined && !isOptionalFact(name))
      throw new PdpError('invalid_request', `the record does not tell the fact ${name}`);
  }

  return facts;
}

function uidOf(raw: RawNode): AskedRequest['principal'] {
  const uid = uidInJson(raw);
  if (uid === undefined) throw new Error('a recorded request names no entity');

  return uid;
}
