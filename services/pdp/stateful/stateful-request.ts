import { decideByBundle, decideInformed } from '../../bundles/decide.ts';
import { assertFacts, readRequest } from '../../bundles/inform.ts';
import { limitsFact } from '../../bundles/limits/use.ts';
import { PdpError } from '../../engine/error.ts';
import type { Facts } from '../../engine/facts/assert.ts';
import type { FactName } from '../../engine/facts/shape.ts';
import type { LimitCount, LimitUse } from '../../store/limits/uses.ts';
import type { SettlementAnswer } from '../../store/settlement.ts';
import type { DecisionPath } from '../authorize.ts';
import type { Begun } from '../deciding.ts';
import { factsAt } from '../facts.ts';
import { type Judged, judge, storedFor } from '../judge.ts';
import type { CountedLimit } from '../types.ts';
import { uuidv7 } from '../uuid.ts';

/** What PostgreSQL has told of the state that a request depends on. */
export interface Known {
  /** What is used of each of its limits. */
  readonly counts: readonly LimitCount[];
}

/** Before anything was asked. */
export const NOTHING_KNOWN: Known = { counts: [] };

/** One request and all that state can do to it. */
export interface StatefulRequest {
  readonly decisionId: string;
  /** Whether its policies look at state. */
  readonly looksFirst: boolean;
  /** As if nothing were used yet. */
  readonly unused: Known;
  readonly read: () => Promise<Known>;
  /** Takes all that an allow takes, or nothing. */
  readonly settle: () => Promise<SettlementAnswer>;
  /** @param known before it; needed where {@link looksFirst}. */
  readonly judge: (known: Known) => Judged;
  readonly isOver: (known: Known) => boolean;
  /** The first limit that has no room. @throws PdpError `internal` where all have. */
  readonly over: (known: Known) => string;
  readonly tell: (known: Pick<Known, 'counts'>) => readonly CountedLimit[];
}

/**
 * Reads a request and works out what it takes, before anything is asked of PostgreSQL.
 * @throws PdpError `invalid_request` or `too_large` where it does not fit the bundle, or its cost is negative.
 */
export function statefulRequest(
  path: DecisionPath,
  { call, scope, store, selected, at }: Begun,
): StatefulRequest {
  const { counting, observer } = path;
  const { deadline } = scope;
  const { subject } = scope.caller;
  const request = readRequest(selected.bundle, call, storedFor(selected.bundle, selected));
  const { limits: rules, limitFacts } = request.action;
  const uses = rules.map((rule): LimitUse => {
    const { name, definition, max } = rule;
    const [key, amount] = [rule.keyOf(request.request), rule.costOf(request.context)];

    return { store, name, definition, key, max, amount };
  });
  const byName = new Map(uses.map((use) => [use.name, use]));
  const decisionId = uuidv7(at);

  return {
    decisionId,
    looksFirst: limitFacts.length > 0,
    unused: { counts: uses.map(({ name }) => ({ name, used: 0n, resetsAt: undefined })) },
    read: () => waiting(async () => ({ counts: await counting.read({ uses, deadline }) })),
    settle: () => waiting(() => counting.settle({ decisionId, subject, store, uses, deadline })),

    judge({ counts }) {
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
    },

    isOver: (known) => firstOver(known) !== undefined,

    over(known) {
      const limit = firstOver(known);
      if (limit === undefined)
        throw new PdpError('internal', 'no limit stands in the way of what was not counted');

      return limit.name;
    },

    tell: ({ counts }) =>
      counts.flatMap(({ name, used, resetsAt }) => {
        const use = byName.get(name);

        return use === undefined
          ? []
          : [{ name, used, max: use.max, amount: use.amount, resets_at: resetsAt }];
      }),
  };

  function firstOver({ counts }: Known): LimitUse | undefined {
    const used = new Map(counts.map((count) => [count.name, count.used]));

    return uses.find(({ name, max, amount }) => amount > max - (used.get(name) ?? 0n));
  }

  async function waiting<T>(ask: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await ask();
    } finally {
      observer.waitedForCount(scope, startedAt);
    }
  }
}
