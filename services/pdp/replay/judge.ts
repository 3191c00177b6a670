import type { CompiledBundle } from '../../bundles/compile.ts';
import { decideByBundle } from '../../bundles/decide.ts';
import type { AskedRequest } from '../../bundles/inform.ts';
import type { StoredEntities } from '../../bundles/stored/stored-entities.ts';
import { type PdpError, toPdpError } from '../../engine/error.ts';
import type { Facts } from '../../engine/facts/assert.ts';
import { type FactName, isOptionalFact } from '../../engine/facts/shape.ts';
import { requestDigest } from '../../engine/request-digest.ts';
import type { PastDecision } from '../../ledger/history.ts';
import { type JsonValue, jsonText } from '../../ledger/json.ts';
import { factsAt, pastFacts } from '../facts.ts';
import { readRecordedFacts, readRecordedRequest } from '../verify/recorded.ts';
import type { Decided } from './outcome.ts';
import { reasonWithPeople } from './people.ts';

/** What came of deciding again. */
export type Judged =
  | (Decided & { readonly kind: 'decided'; readonly requestDigest: string | undefined })
  /** The bundle cannot decide it: the request does not fit its schema, or a limit stands in the way. */
  | { readonly kind: 'refused'; readonly error: PdpError }
  /** The record does not hold what is needed. */
  | { readonly kind: 'unreadable' };

export interface JudgeOptions {
  /** Whether the digest of the request is wanted too. */
  readonly withDigest: boolean;
  /**
   * Whether facts that the record does not tell may follow from it: `now` is its time, to the millisecond. Another bundle may declare
   * what the original one did not.
   */
  readonly deriveFacts: boolean;
  /** Whether it is to be said, too, that people could lift a denial; see {@link reasonWithPeople}. */
  readonly withPeople?: boolean;
  /** What the store held at the decision; needed where the bundle reads it. */
  readonly stored?: StoredEntities | undefined;
}

/**
 * Decides a recorded request by a bundle, through the very code that decides live requests.
 * @param input what was asked, as the record keeps it.
 */
export function judge(
  bundle: CompiledBundle,
  decision: PastDecision,
  input: string,
  { withDigest, deriveFacts, withPeople = false, stored }: JudgeOptions,
): Judged {
  const asked = requestOf(input);
  if (asked === undefined) return { kind: 'unreadable' };

  try {
    const facts = (names: readonly FactName[]) => factsOf(bundle, asked, decision, names, deriveFacts);
    const decided = decideByBundle(bundle, asked, facts, {
      recorded: true,
      ...(stored === undefined ? {} : { stored }),
    });
    const { informed, evaluation, verdict } = decided;
    const { request, context, entities } = informed;

    return {
      kind: 'decided',
      decision: verdict.decision,
      reasonCode: withPeople ? reasonWithPeople(bundle, decided, decision) : verdict.reasonCode,
      determining: evaluation.determining,
      failing: evaluation.errors.map(({ policyId }) => policyId),
      requestDigest: withDigest
        ? requestDigest({
            subject: decision.credential.subject,
            store: decision.store,
            runId: decision.run?.run_id ?? '',
            principal: request.principal,
            action: request.action,
            resource: request.resource,
            context,
            entities,
            bundle: bundle.ref.digest,
          })
        : undefined,
    };
  } catch (error) {
    if (error instanceof FactsMissing) return { kind: 'unreadable' };

    return { kind: 'refused', error: toPdpError(error) };
  }
}

class FactsMissing extends Error {}

function requestOf(input: string): AskedRequest | undefined {
  try {
    return readRecordedRequest(input);
  } catch {
    return undefined;
  }
}

function factsOf(
  bundle: CompiledBundle,
  asked: AskedRequest,
  { facts, time }: PastDecision,
  names: readonly FactName[],
  derive: boolean,
): Facts {
  const told = names.filter((name) => Object.hasOwn(facts, name));
  const derived = derive ? factsAt(Date.parse(time), names) : {};
  const isKnown = (name: FactName): boolean =>
    told.includes(name) || Object.hasOwn(derived, name) || isOptionalFact(name);
  if (!names.every(isKnown)) throw new FactsMissing();
  if (told.length === 0) return derived;

  const past = pastFacts(bundle, asked, { ...derived, ...recordedFacts(bundle, facts, told) });
  if (past === undefined) throw new FactsMissing();

  return past;
}

function recordedFacts(
  bundle: CompiledBundle,
  facts: PastDecision['facts'],
  names: readonly FactName[],
): Facts {
  const text = jsonText(Object.fromEntries(names.map((name) => [name, facts[name] as JsonValue])));
  try {
    return readRecordedFacts(bundle, text, names);
  } catch {
    throw new FactsMissing();
  }
}
