import { decideByBundle, decideInformed } from '../bundles/decide.ts';
import { assertFacts, readRequest } from '../bundles/inform.ts';
import type { LimitRule } from '../bundles/limits/rule.ts';
import { limitsFact } from '../bundles/limits/use.ts';
import { PdpError } from '../engine/error.ts';
import type { FactName, Facts } from '../engine/facts.ts';
import type { LimitCount, LimitUse } from '../store/limits/uses.ts';
import type { DecisionPath, Outcome } from './authorize.ts';
import { type Begun, type Counting, commit, conclude, fail, refuseLate, reserve } from './deciding.ts';
import { factsAt } from './facts.ts';
import { type Judged, judge, storedFor } from './judge.ts';
import { overLimit } from './settle.ts';
import type { CountedLimit } from './types.ts';
import { uuidv7 } from './uuid.ts';

/**
 * The decision path of an action that limits count: read their state where the bundle wants it as a fact, judge, count what is allowed,
 * record. Bundle and state are those of the beginning throughout. The caller's deadline is looked at until the decision is counted;
 * from then on it is recorded whatever the caller does, so that what is used and what is in the log agree.
 */
export async function authorizeCounted(
  path: DecisionPath,
  begun: Begun,
  settled: (outcome: Outcome) => void,
): Promise<void> {
  const { call, scope } = begun;
  try {
    await walk(path, begun, settled);
  } catch (thrown) {
    settled(fail(path, call, scope, thrown));
  }
}

async function walk(path: DecisionPath, begun: Begun, settled: (outcome: Outcome) => void): Promise<void> {
  const { call, scope, selected, store, at } = begun;
  const { counting } = path;
  const request = readRequest(selected.bundle, call, storedFor(selected.bundle, selected));
  const { limits: rules, limitFacts } = request.action;
  const uses = rules.map((rule) => useOf(rule, store, request.request, request.context));
  const decisionId = uuidv7(at);
  const countingOf = (counts: readonly LimitCount[]): Counting => ({
    decisionId,
    limits: limitsOf(uses, counts),
  });
  const judgeBy = (counts: readonly LimitCount[]): Judged => {
    const used = new Map(counts.map(({ name, used: amount }) => [name, amount]));
    const facts = (names: readonly FactName[]): Facts => ({
      ...factsAt(at, names),
      ...limitsFact(rules, used),
    });

    return judge(path, selected, store, call, (bundle) =>
      bundle === selected.bundle
        ? decideInformed(bundle, assertFacts(request, facts))
        : decideByBundle(bundle, call, facts, storedFor(bundle, selected)),
    );
  };
  const reply = (judged: Judged, counts: readonly LimitCount[]): void => {
    const deciding = conclude(path, begun, judged, countingOf(counts));
    commit(path, deciding, reserve(path, deciding), begun, settled);
  };
  const deny = (judged: Judged, counts: readonly LimitCount[]): void => {
    path.observer.counted('exceeded', store);
    reply(
      { ...judged, settled: overLimit(selected.bundle, judged.settled, exceededOf(uses, counts)) },
      counts,
    );
  };

  const isRead = limitFacts.length > 0 || call.mode === 'check';
  const before = isRead ? await counting.read({ uses, deadline: scope.deadline }) : [];
  refuseLate(scope);
  const judged = judgeBy(before);
  if (judged.settled.decision === 'deny') return reply(judged, before);
  if (call.mode === 'check') return isOver(uses, before) ? deny(judged, before) : reply(judged, before);

  // Room first: what cannot be recorded must not be counted.
  const space = reserve(path, conclude(path, begun, judged, countingOf(uses.map(unused))));
  const startedAt = performance.now();
  const { consumed, counts } = await counting
    .consume({ decisionId, subject: scope.caller.subject, uses, deadline: scope.deadline })
    .finally(() => path.observer.waitedForCount(scope, startedAt))
    .catch((thrown: unknown) => {
      space.release();
      throw thrown;
    });
  if (consumed) {
    path.observer.counted('consumed', store);
    return keep(counts);
  }

  space.release();
  if (limitFacts.length === 0) return deny(judged, counts);
  // Somebody was faster: what the policies say of the true state comes before that there is no room.
  path.observer.counted('lost_race', store);
  const again = judgeBy(counts);

  return again.settled.decision === 'deny' ? reply(again, counts) : deny(again, counts);

  function keep(after: readonly LimitCount[]): void {
    try {
      const deciding = conclude(path, begun, judged, countingOf(after));
      commit(path, deciding, space, begun, settled, (error) =>
        error === undefined ? counting.recorded(decisionId) : counting.release(decisionId),
      );
    } catch (thrown) {
      space.release();
      counting.release(decisionId);
      throw thrown;
    }
  }
}

function useOf(
  { name, definition, max, keyOf, costOf }: LimitRule,
  store: string,
  request: Parameters<LimitRule['keyOf']>[0],
  context: Parameters<LimitRule['costOf']>[0],
): LimitUse {
  return { store, name, definition, key: keyOf(request), max, amount: costOf(context) };
}

function unused({ name }: LimitUse): LimitCount {
  return { name, used: 0n, resetsAt: undefined };
}

function isOver(uses: readonly LimitUse[], counts: readonly LimitCount[]): boolean {
  return firstOver(uses, counts) !== undefined;
}

function exceededOf(uses: readonly LimitUse[], counts: readonly LimitCount[]): string {
  const over = firstOver(uses, counts);
  if (over === undefined)
    throw new PdpError('internal', 'no limit stands in the way of a decision that was not counted');

  return over.name;
}

function firstOver(uses: readonly LimitUse[], counts: readonly LimitCount[]): LimitUse | undefined {
  const used = new Map(counts.map((count) => [count.name, count.used]));

  return uses.find(({ name, max, amount }) => amount > max - (used.get(name) ?? 0n));
}

function limitsOf(uses: readonly LimitUse[], counts: readonly LimitCount[]): readonly CountedLimit[] {
  const byName = new Map(uses.map((use) => [use.name, use]));

  return counts.flatMap(({ name, used, resetsAt }) => {
    const use = byName.get(name);

    return use === undefined ? [] : [{ name, used, max: use.max, amount: use.amount, resets_at: resetsAt }];
  });
}
