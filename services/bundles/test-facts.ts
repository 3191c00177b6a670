import { PdpError } from '../engine/error.ts';
import { type Datetime, parseDatetime } from '../engine/extension/datetime.ts';
import type { Facts } from '../engine/facts.ts';
import { type RawNode, RawObject } from '../engine/raw/raw.ts';
import { uidKey } from '../engine/value/value.ts';
import type { BundleAction, CompiledBundle } from './compile.ts';
import type { AskedRequest } from './inform.ts';
import { limitsFact, limitsOf, type Use } from './limits/use.ts';
import { invalid, membersOf, stringOf } from './raw-members.ts';

/** What a test says of the world that the PDP would know. */
export interface TestFacts {
  readonly now: Datetime | undefined;
  /** What is used of each limit that the test names. */
  readonly use: Use;
}

export const NO_TEST_FACTS: TestFacts = { now: undefined, use: new Map() };

/** `{now: "…", limits: {name: {used: 3}}}`; what remains follows from the bundle's own limit. */
export function readTestFacts(raw: RawNode, field: string): TestFacts {
  return readFacts(raw, field, ['used']);
}

/** `context.pdp` as Cedar's own tool has to be told it. */
export function readCedarFacts(raw: RawNode, field: string): TestFacts {
  return readFacts(raw, field, ['exhausted', 'remaining', 'used']);
}

/** The facts for the request of a test. @throws PdpError `invalid_request` where the test does not give what the action declares. */
export function testFacts(
  bundle: CompiledBundle,
  { action: { type, id } }: Pick<AskedRequest, 'action'>,
  { now, use }: TestFacts,
): (names: BundleAction['facts']) => Facts {
  return (names) => {
    const key = uidKey(type, id);
    if (names.includes('now') && now === undefined) throw missing('now');
    for (const name of bundle.actions.get(key)?.limitFacts ?? [])
      if (!use.has(name)) throw missing(`limits.${name}`);

    return { ...(now === undefined ? {} : { now }), ...limitsFact(limitsOf(bundle, key), use) };
  };
}

function readFacts(raw: RawNode, field: string, state: readonly string[]): TestFacts {
  const members = membersOf(raw, field, { required: [], optional: ['now', 'limits'] });
  const limits = members.get('limits') ?? new RawObject(new Map());
  if (!(limits instanceof RawObject)) throw invalid(`${field}.limits`, 'must be an object');
  const use = new Map<string, bigint>();
  for (const [name, told] of limits.entries) use.set(name, usedOf(told, `${field}.limits.${name}`, state));
  const now = members.get('now');

  return { now: now === undefined ? undefined : datetimeOf(argumentOf(now), `${field}.now`), use };
}

function missing(fact: string): PdpError {
  return new PdpError('invalid_request', `the action declares pdp.${fact}, and the test does not give it`);
}

function usedOf(raw: RawNode, field: string, names: readonly string[]): bigint {
  const used = membersOf(raw, field, { required: names }).get('used');
  if (typeof used !== 'bigint' || used < 0n) throw invalid(`${field}.used`, 'must be a whole number from 0');

  return used;
}

/** The text of `"…"` and of `{"__extn": {"fn": "datetime", "arg": "…"}}`, which is how Cedar writes a datetime. */
function argumentOf(raw: RawNode): RawNode {
  const call = raw instanceof RawObject ? raw.entries.get('__extn') : undefined;
  const isDatetime = call instanceof RawObject && call.entries.get('fn') === 'datetime';

  return isDatetime ? (call.entries.get('arg') ?? null) : raw;
}

function datetimeOf(raw: RawNode, field: string): Datetime {
  const datetime = parseDatetime(stringOf(raw, field));
  if (datetime === undefined) throw invalid(field, 'must be a datetime such as 2026-11-22T10:00:00Z');

  return datetime;
}
