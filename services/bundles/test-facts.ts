import { readContext } from '../engine/data/context.ts';
import { PdpError } from '../engine/error.ts';
import { type Datetime, parseDatetime } from '../engine/extension/datetime.ts';
import type { Facts } from '../engine/facts/assert.ts';
import { type FactName, factTypeOf } from '../engine/facts/shape.ts';
import { EMPTY_RUN, runFact } from '../engine/facts/values.ts';
import { type RawNode, RawObject } from '../engine/raw/raw.ts';
import type { Schema } from '../engine/schema/schema.ts';
import { CedarRecord, uidKey } from '../engine/value/value.ts';
import type { BundleAction, CompiledBundle } from './compile.ts';
import type { AskedRequest } from './inform.ts';
import { limitsFact, limitsOf, type Use } from './limits/use.ts';
import { invalid, membersOf, stringOf } from './raw-members.ts';

/** What a test says of the world that the PDP would know. */
export interface TestFacts {
  readonly now: Datetime | undefined;
  /** What is used of each limit that the test names. */
  readonly use: Use;
  /** Those that are told as they are. Of a run nothing is missing: what the test does not say of it has not happened. */
  readonly told: Pick<Facts, ToldFact>;
}

/** The facts that a test tells as policies see them. */
export const TOLD_FACTS = ['run', 'approval', 'breakGlass'] as const satisfies readonly FactName[];
export type ToldFact = (typeof TOLD_FACTS)[number];

export const NO_TEST_FACTS: TestFacts = {
  now: undefined,
  use: new Map(),
  told: { run: runFact(EMPTY_RUN) },
};

/** `{now: "…", limits: {name: {used: 3}}, run: {labels: ["secret"]}}`; what remains of a limit follows from the bundle's own. */
export function readTestFacts(raw: RawNode, field: string): TestFacts {
  return readFacts(raw, field, ['used']);
}

/** `context.pdp` as Cedar's own tool has to be told it. */
export function readCedarFacts(raw: RawNode, field: string): TestFacts {
  return readFacts(raw, field, ['exhausted', 'remaining', 'used']);
}

/**
 * One fact that is told as policies see it, in Cedar JSON; of a run any part.
 * @throws PdpError `invalid_request` where it is none.
 */
export function readToldFact(name: ToldFact, raw: RawNode, field: string): TestFacts['told'] {
  const context = { kind: 'record', attributes: new Map([[name, attributeOf(name, raw)]]) } as const;
  const read = factIn(() => readContext(NO_TYPES, { context }, new RawObject(new Map([[name, raw]]))), field);
  const value = read.fields.get(name);
  if (name !== 'run' || !(value instanceof CedarRecord)) return value === undefined ? {} : { [name]: value };

  return { run: new CedarRecord(new Map([...runFact(EMPTY_RUN).fields, ...value.fields])) };
}

/** The facts for the request of a test. @throws PdpError `invalid_request` where the test does not give what the action declares. */
export function testFacts(
  bundle: CompiledBundle,
  { action: { type, id } }: Pick<AskedRequest, 'action'>,
  { now, use, told }: TestFacts,
): (names: BundleAction['facts']) => Facts {
  return (names) => {
    const key = uidKey(type, id);
    if (names.includes('now') && now === undefined) throw missing('now');
    for (const name of bundle.actions.get(key)?.limitFacts ?? [])
      if (!use.has(name)) throw missing(`limits.${name}`);

    return { ...told, ...(now === undefined ? {} : { now }), ...limitsFact(limitsOf(bundle, key), use) };
  };
}

/** Facts hold no entities, so no schema says anything of them. */
const NO_TYPES: Schema = { entityTypes: new Map(), actions: new Map() };

function readFacts(raw: RawNode, field: string, state: readonly string[]): TestFacts {
  const members = membersOf(raw, field, { required: [], optional: ['now', 'limits', ...TOLD_FACTS] });
  const limits = members.get('limits') ?? new RawObject(new Map());
  if (!(limits instanceof RawObject)) throw invalid(`${field}.limits`, 'must be an object');
  const use = new Map<string, bigint>();
  for (const [name, told] of limits.entries) use.set(name, usedOf(told, `${field}.limits.${name}`, state));
  const now = members.get('now');
  let { told } = NO_TEST_FACTS;
  for (const name of TOLD_FACTS) {
    const fact = members.get(name);
    if (fact !== undefined) told = { ...told, ...readToldFact(name, fact, `${field}.${name}`) };
  }

  return { now: now === undefined ? undefined : datetimeOf(argumentOf(now), `${field}.now`), use, told };
}

function attributeOf(name: ToldFact, raw: RawNode) {
  return { type: factTypeOf(name, raw), required: true };
}

/** Tells where in the file it is, which the reader of a context does not know. */
function factIn<Read>(read: () => Read, field: string): Read {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    const below = error.field?.replace(/^context\.[^.[]+/, '') ?? '';
    throw invalid(`${field}${below}`, error.message);
  }
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
