import type { CompiledBundle } from '../../bundles/compile.ts';
import { decideByBundle, decideInformed } from '../../bundles/decide.ts';
import { assertFacts, readRequest } from '../../bundles/inform.ts';
import { limitsFact } from '../../bundles/limits/use.ts';
import { PdpError } from '../../engine/error.ts';
import type { FactName } from '../../engine/facts/shape.ts';
import type { CedarRecord } from '../../engine/value/value.ts';
import type { LimitCount, LimitUse } from '../../store/limits/uses.ts';
import type { ApprovalPart, SettlementAnswer } from '../../store/settlement.ts';
import type { DecisionPath } from '../authorize.ts';
import type { Begun } from '../deciding.ts';
import { factsFor } from '../facts.ts';
import { type Keyed, keyedRequest } from '../idempotency/keyed.ts';
import { type Judged, judge, storedFor } from '../judge.ts';
import { ruleOfRun } from '../runs/run-id.ts';
import { type KnownRun, runPart } from '../runs/run-part.ts';
import type { CountedLimit } from '../types.ts';
import { uuidv7 } from '../uuid.ts';

/** What PostgreSQL has told of the state that a request depends on. */
export interface Known {
  /** What is used of each of its limits. */
  readonly counts: readonly LimitCount[];
  /** Absent where the request needs no run. */
  readonly run?: KnownRun;
  /** Absent: nobody has approved it, or nobody has to. */
  readonly approval?: KnownApproval;
}

/** That people approve of it. */
export interface KnownApproval {
  /** As policies see it. */
  readonly fact: CedarRecord;
  /** What is consumed with it; absent where it is only supposed. */
  readonly settling?: ApprovalPart;
}

/** One request and all that state can do to it. */
export interface StatefulRequest {
  readonly decisionId: string;
  /** Absent where its caller gave no key. */
  readonly key: Keyed | undefined;
  /** Whether its policies look at state. */
  readonly looksFirst: boolean;
  /** Before anything was asked. */
  readonly presumed: Known;
  /** As if nothing were used yet. */
  readonly unused: Known;
  /** Waits until it may be judged. @returns lets the next one be; to be called once. */
  readonly enter: () => Promise<() => void>;
  readonly read: () => Promise<Known>;
  /** Takes all that an allow takes, or nothing. @param known what it was judged by. */
  readonly settle: (judged: Judged, known: Known) => Promise<SettlementAnswer>;
  /** Claims the key of a deny, which takes nothing else; again, it changes nothing. @returns whether another decision has it. */
  readonly claim: () => Promise<boolean>;
  /** Gives back a key that was claimed for a decision which is not made. */
  readonly disclaim: () => void;
  /** @param known before it; needed where {@link looksFirst}. */
  readonly judge: (known: Known) => Judged;
  readonly isOver: (known: Known) => boolean;
  /** The first limit that has no room. @throws PdpError `internal` where all have. */
  readonly over: (known: Known) => string;
  /**
   * How long one of the limits has no room at least, from a moment in milliseconds since the epoch; 0 where time does not help.
   */
  readonly retryAfterMs: (known: Known, now: number) => number;
  readonly tell: (known: Pick<Known, 'counts'>) => readonly CountedLimit[];
}

/**
 * Reads a request and works out what it takes, before anything is asked of PostgreSQL.
 * @throws PdpError `invalid_request` or `too_large` where it does not fit the bundle, or its cost is negative.
 */
export function statefulRequest(path: DecisionPath, begun: Begun): StatefulRequest {
  const { call, scope, store, selected, at } = begun;
  const { counting, observer } = path;
  const { deadline } = scope;
  const { subject } = scope.caller;
  const request = readRequest(selected.bundle, call, storedFor(selected.bundle, selected));
  const { limits: rules, limitFacts } = request.action;
  const charges = rules.map((rule) => ({ ...rule, amount: rule.costOf(request.context) }));
  const byName = new Map(charges.map((charge) => [charge.name, charge]));
  const runRule = ruleOfRun(request.action.run, call);
  const run = runRule === undefined ? undefined : runPart(path, begun, request, runRule);
  const looksAtLimits = limitFacts.length > 0;
  const decisionId = uuidv7(at);
  const key = keyedRequest(path, { call, scope, store }, request);
  const keyPart = key === undefined ? {} : { key: key.part };
  let isClaimed = false;

  return {
    decisionId,
    key,
    looksFirst: looksAtLimits || run?.isReadFirst === true,
    presumed: { counts: [], ...(run?.presumed === undefined ? {} : { run: run.presumed }) },
    unused: { counts: charges.map(({ name }) => ({ name, used: 0n, resetsAt: undefined })) },

    enter: () => run?.enter() ?? Promise.resolve(() => undefined),

    read: () =>
      waiting(async () => {
        const known = run?.isNeeded === true ? { run: await run.read() } : {};
        const isCounted = looksAtLimits || call.mode === 'check';

        return { ...known, counts: isCounted ? await readCounts(known.run) : [] };
      }),

    settle: (judged, known) =>
      waiting(() =>
        counting.settle({
          decisionId,
          subject,
          store,
          uses: usesOf(known.run),
          deadline,
          ...keyPart,
          ...(run === undefined ? {} : { run: run.step(judged, known.run) }),
          ...(known.approval?.settling === undefined ? {} : { approval: known.approval.settling }),
        }),
      ),

    async claim() {
      if (key === undefined || isClaimed) return false;
      const denied = { decisionId, subject, store, uses: [], deadline, ...keyPart };
      const { outcome } = await waiting(() => counting.settle(denied));
      isClaimed = outcome !== 'key_taken';

      return !isClaimed;
    },

    disclaim() {
      if (isClaimed) counting.release(decisionId);
    },

    judge(known) {
      const used = new Map(known.counts.map(({ name, used: amount }) => [name, amount]));
      const factsBy = (bundle: CompiledBundle) => (names: readonly FactName[]) => ({
        ...factsFor({ at: known.run?.state?.readAt ?? at, glass: begun.glass }, names),
        ...limitsFact(rules, used),
        ...(known.approval === undefined ? {} : { approval: known.approval.fact }),
        ...(known.run === undefined ? {} : run?.facts(bundle, known.run)),
      });
      const judged = judge(path, selected, store, call, (bundle) =>
        bundle === selected.bundle
          ? decideInformed(bundle, assertFacts(request, factsBy(bundle)))
          : decideByBundle(bundle, call, factsBy(bundle), storedFor(bundle, selected)),
      );

      return run?.isNeeded === true ? run.settle(judged, known.run) : judged;
    },

    isOver: (known) => firstOver(known) !== undefined,

    over(known) {
      const limit = firstOver(known);
      if (limit === undefined)
        throw new PdpError('internal', 'no limit stands in the way of what was not counted');

      return limit.name;
    },

    retryAfterMs(known, now) {
      const resetsAt = new Map(known.counts.map((count) => [count.name, count.resetsAt]));
      const waits = over(known).map(({ name, max, amount }) => {
        const at = amount > max ? undefined : resetsAt.get(name);

        return at === undefined ? Number.POSITIVE_INFINITY : Math.ceil(at - now);
      });
      const longest = Math.max(1, ...waits);

      return Number.isFinite(longest) ? longest : 0;
    },

    tell: ({ counts }) =>
      counts.flatMap(({ name, used, resetsAt }) => {
        const use = byName.get(name);

        return use === undefined
          ? []
          : [{ name, used, max: use.max, amount: use.amount, resets_at: resetsAt }];
      }),
  };

  /** By the root of its run; what is counted by run cannot be counted without. */
  function usesOf(of: KnownRun | undefined): readonly LimitUse[] {
    const root = of?.state?.root;
    const counted = charges.filter(({ isByRun }) => !isByRun || root !== undefined);

    return counted.map(({ name, definition, max, amount, keyOf, reserved, refundable }) => ({
      store,
      name,
      definition,
      key: keyOf(request.request, root),
      max,
      amount,
      reserved,
      refundable,
    }));
  }

  /** In a run that there is not, nothing is used. */
  async function readCounts(of: KnownRun | undefined): Promise<readonly LimitCount[]> {
    const uses = usesOf(of);
    const counts = uses.length === 0 ? [] : await counting.read({ uses, deadline });
    const names = new Set(counts.map(({ name }) => name));
    const others = charges.filter(({ name }) => !names.has(name));

    return [...counts, ...others.map(({ name }) => ({ name, used: 0n, resetsAt: undefined }))];
  }

  function firstOver(known: Known) {
    return over(known)[0];
  }

  function over({ counts }: Known) {
    const used = new Map(counts.map((count) => [count.name, count.used]));

    return charges.filter(({ name, max, amount }) => amount > max - (used.get(name) ?? 0n));
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
