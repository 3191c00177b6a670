import { readAnswer } from '../engine/cedar/answer.ts';
import { CedarTrap } from '../engine/cedar/instance.ts';
import { type CedarSession, createCedarSession } from '../engine/cedar/session.ts';
import type { Policy } from '../engine/policy.ts';
import type { Schema } from '../engine/schema/schema.ts';
import { createSampler, type SampleRequest } from './sample-request.ts';

/** Policies judged in one call where they share a sample. */
const BATCH = 100;
/** Sessions serve this many samples: each parsed set stays in the memory of its instance. */
const SESSION_SAMPLES = 2_000;
/** Traps after which the trial ends: each costs a new session. */
const MAX_TRAPS = 50;

/** What a trial found; policies that no request can match are in neither list. */
export interface TrialFindings {
  readonly trapping: readonly Policy[];
  /** Policies that Cedar would not judge, with what it said. */
  readonly refused: readonly { readonly policy: Policy; readonly message: string }[];
  /** Whether the trial ended early. */
  readonly incomplete: boolean;
}

interface Group {
  readonly sample: SampleRequest;
  readonly policies: Policy[];
}

/**
 * Evaluates every policy once, by a request that its scope matches, in an evaluator that is thrown away: wasm has no stack
 * guard, so a policy that parses and validates can still trap the instance that evaluates it. Yields how many are done.
 */
export function* tryPolicies(
  schemaText: string,
  schema: Schema,
  policies: readonly Policy[],
): Generator<number, TrialFindings> {
  const trapping: Policy[] = [];
  const refused: { policy: Policy; message: string }[] = [];
  let session: CedarSession | undefined;
  let samples = 0;
  let done = 0;

  const judge = ({ sample, policies: some }: Group): void => {
    if (trapping.length >= MAX_TRAPS) return;
    if (session === undefined || samples % SESSION_SAMPLES === 0) session = createCedarSession(schemaText);
    samples += 1;

    try {
      readAnswer(session.authorize(sample.request, sample.entities, String(samples), some));
    } catch (thrown) {
      session = undefined;
      const [policy, ...rest] = some;
      if (policy === undefined) return;
      if (rest.length > 0) {
        const half = some.length >> 1;
        judge({ sample, policies: some.slice(0, half) });
        judge({ sample, policies: some.slice(half) });
      } else if (thrown instanceof CedarTrap) trapping.push(policy);
      else refused.push({ policy, message: thrown instanceof Error ? thrown.message : 'refused' });
    }
  };

  for (const group of groupsOf(schema, policies)) {
    judge(group);
    done += group.policies.length;
    yield done;
  }

  return { trapping, refused, incomplete: trapping.length >= MAX_TRAPS };
}

function* groupsOf(schema: Schema, policies: readonly Policy[]): Generator<Group> {
  const sampler = createSampler(schema);
  const groups = new Map<string, Group>();

  for (const policy of policies) {
    const sample = sampler.sample(policy.scope);
    if (sample === undefined) continue;
    const group = groups.get(sample.key) ?? { sample, policies: [] };
    group.policies.push(policy);
    if (group.policies.length === BATCH) {
      groups.delete(sample.key);
      yield group;
    } else groups.set(sample.key, group);
  }

  yield* groups.values();
}
