import type { PdpError } from '../../engine/error.ts';
import type { PastDecision } from '../../ledger/history.ts';
import { type JsonValue, jsonText } from '../../ledger/json.ts';
import type { RawUid } from '../types.ts';
import type { Outcome } from './outcome.ts';
import type { Cause, Example } from './report.ts';

/** Longest text of a report that somebody else chose, in UTF-16 units: what a report holds stays bounded. */
const TEXT_UNITS = 256;
/** Values and paths that one example discloses. */
const VALUE_UNITS = 1_024;
const PATHS = 20;
const POLICIES = 10;

/** A record as an example: identifiers, and the values that its own bundle let people see. */
export function exampleOf(record: PastDecision): Example {
  const disclosed: [string, JsonValue][] = [];
  const elsewhere: string[] = [];
  for (const [path, value] of Object.entries(record.disclosed)) {
    if (disclosed.length < PATHS && jsonText(value).length <= VALUE_UNITS) disclosed.push([path, value]);
    else if (elsewhere.length < PATHS) elsewhere.push(shortened(path));
  }

  return {
    decision_id: record.decision_id,
    time: record.time,
    principal: uidText(record.principal),
    action: uidText(record.action),
    resource: uidText(record.resource),
    disclosed: Object.fromEntries(disclosed),
    disclosed_elsewhere: elsewhere,
  };
}

export function causeOf({ code, policies, field, message }: Outcome): Cause {
  return {
    code,
    policies: policies.slice(0, POLICIES).map(shortened),
    further_policies: Math.max(0, policies.length - POLICIES),
    field,
    message,
  };
}

/** What a candidate says where it cannot decide: without the positions and tags that each request has of its own. */
export function errorOutcome({ code, field, message }: PdpError): Outcome {
  if (field === undefined) return { kind: 'error', code, policies: [], message: inGeneral(message) };
  const general = inGeneral(field);

  return {
    kind: 'error',
    code,
    policies: [],
    field: general,
    message: inGeneral(message.replaceAll(field, general)),
  };
}

export function shortened(text: string): string {
  return text.length <= TEXT_UNITS ? text : `${text.slice(0, TEXT_UNITS).toWellFormed()}…`;
}

/** A place, or a text about one. The name of a tag is data, and as secret as the values of a context. */
function inGeneral(text: string): string {
  return shortened(text.replaceAll(/\[\d+\]/g, '[]').replace(/\.tags\..*/s, '.tags'));
}

function uidText({ type, id }: RawUid): string {
  return `${shortened(type)}::${JSON.stringify(shortened(id))}`;
}
