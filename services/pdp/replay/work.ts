import { type CompiledBundle, compileBundle } from '../../bundles/compile.ts';
import { loadBundle } from '../../bundles/load.ts';
import { CEDAR_VERSION } from '../../engine/cedar/version.ts';
import type { EvaluatorName } from '../../engine/evaluator.ts';
import { type Past, type PastDecision, readHistory, readPast } from '../../ledger/history.ts';
import { createInputOpener } from '../../ledger/input.ts';
import type { Keyring } from '../../ledger/keyring.ts';
import type { Database } from '../../store/database.ts';
import { countReplayRows } from '../../store/replay-rows.ts';
import { createPastBundles, type PastBundles } from './bundles.ts';
import { createDifferences } from './differences.ts';
import { errorOutcome } from './example.ts';
import { type Judged, judge } from './judge.ts';
import type { ReplayProgress, ReplayTask } from './messages.ts';
import { outcomeOf, recordedVerdict } from './outcome.ts';
import { createPastEntities, type PastEntities } from './past-entities.ts';
import { type ReplayReport, UNREPLAYED_REASONS, type UnreplayedReason } from './report.ts';
import { createTally } from './tally.ts';

export interface ReplayWork {
  /** At least two connections: records are counted while they are read. */
  readonly database: Database;
  readonly keyring: Keyring;
  /** Digests of bundles that are not held against Cedar again; see {@link ../../bundles/load.ts}. */
  readonly agreed: ReadonlySet<string>;
  readonly onProgress: (progress: ReplayProgress) => void;
}

/**
 * Reads a range of the log and decides every record of it again. Blocks for a page at a time, and so belongs in a thread of its own.
 * @throws PdpError where the database does not answer, or the candidate does not load.
 */
export async function replay(
  task: ReplayTask,
  { database, keyring, agreed, onProgress }: ReplayWork,
): Promise<ReplayReport> {
  const { subject, range } = task;
  const judgeIn = judgeWith(createPastEntities(database, range.store));
  const judging =
    subject.kind === 'candidate'
      ? judgeByCandidate(
          await compileBundle(
            await loadBundle(subject.archive, subject.digest, subject.evaluator, {
              agreed: agreed.has(subject.digest),
            }),
            subject.evaluator,
          ),
          judgeIn,
        )
      : judgeByPastBundles(createPastBundles(database, agreed), judgeIn);
  const opener = createInputOpener(keyring);
  const startedAt = performance.now();
  let total: number | undefined;
  // Only the progress wants it, so nobody waits for it.
  void countReplayRows(database, range).then(
    (count) => {
      total = count;
    },
    () => undefined,
  );

  const unreplayed = Object.fromEntries(UNREPLAYED_REASONS.map((reason) => [reason, 0])) as Record<
    UnreplayedReason,
    number
  >;
  let read = 0;
  let replayed = 0;
  for await (const page of readHistory(database, range)) {
    for (const row of page) {
      const judged = judging.take(readPast(row, opener));
      // Nearly always it is not a promise, and waiting for one that is none takes as long as deciding.
      const reason = judged instanceof Promise ? await judged : judged;
      if (reason === undefined) replayed += 1;
      else unreplayed[reason] += 1;
    }
    read += page.length;
    onProgress({ read, replayed, total });
  }

  const elapsed_ms = Math.round(performance.now() - startedAt);
  return { ...judging.report(replayed), read, replayed, unreplayed, elapsed_ms };
}

interface Judging {
  /** @returns why the record could not be decided again; `undefined`: it was. */
  take(past: Past): UnreplayedReason | undefined | Promise<UnreplayedReason | undefined>;
  report(replayed: number): ReportBody;
}

type Counted = 'read' | 'replayed' | 'unreplayed' | 'elapsed_ms';
type ReportBody = {
  [Kind in ReplayReport['kind']]: Omit<Extract<ReplayReport, { kind: Kind }>, Counted>;
}[ReplayReport['kind']];

type JudgeIn = (...args: Parameters<typeof judge>) => Judged | Promise<Judged>;

/** Judges by what the store held at the decision, where the bundle asks for it. */
function judgeWith(entities: PastEntities): JudgeIn {
  return (bundle, decision, input, options) =>
    bundle.readsStore
      ? entities.at(decision.state_sequence, (storedBy) =>
          judge(bundle, decision, input, { ...options, stored: storedBy(bundle) }),
        )
      : judge(bundle, decision, input, options);
}

const CANDIDATE = { withDigest: false, deriveFacts: true, withPeople: true };
/** Whether people could lift a denial may have lain in what the client supports and what was monitored, which a record does not tell. */
const ORIGINAL = { withDigest: true, deriveFacts: false, withPeople: false };

function judgeByCandidate(bundle: CompiledBundle, judgeIn: JudgeIn): Judging {
  const tally = createTally();

  return {
    take(past) {
      if (past.decision === undefined) return past.lost;
      const { decision, input } = past;
      const judged = judgeIn(bundle, decision, input, CANDIDATE);

      return judged instanceof Promise ? judged.then((one) => add(decision, one)) : add(decision, judged);
    },

    report: (replayed) => ({
      kind: 'candidate',
      bundle: bundle.ref,
      evaluator: bundle.evaluator.name,
      ...tally.report(replayed),
    }),
  };

  function add(decision: PastDecision, judged: Judged): UnreplayedReason | undefined {
    if (judged.kind === 'unreadable') return 'input_unreadable';

    const after = judged.kind === 'decided' ? outcomeOf(judged) : errorOutcome(judged.error);
    tally.add(decision, outcomeOf(recordedVerdict(decision, true)), after);

    return undefined;
  }
}

function judgeByPastBundles(bundles: PastBundles, judgeIn: JudgeIn): Judging {
  const differences = createDifferences();

  return {
    take(past) {
      if (past.decision === undefined) return past.lost;
      const { decision, input } = past;
      const evaluator = evaluatorOf(decision);
      if (evaluator === undefined) return 'other_evaluator';

      const bundle = bundles.get(decision.bundle.digest, evaluator);

      return bundle instanceof Promise
        ? bundle.then((loaded) => compare(decision, input, loaded))
        : compare(decision, input, bundle);
    },

    report: () => ({ kind: 'verification', ...differences.report() }),
  };

  function compare(
    decision: PastDecision,
    input: string,
    bundle: Awaited<ReturnType<typeof bundles.get>>,
  ): UnreplayedReason | undefined | Promise<UnreplayedReason | undefined> {
    if (typeof bundle === 'string') return bundle;
    const judged = judgeIn(bundle, decision, input, ORIGINAL);

    return judged instanceof Promise ? judged.then((one) => add(decision, one)) : add(decision, judged);
  }

  function add(decision: PastDecision, judged: Judged): UnreplayedReason | undefined {
    if (judged.kind === 'unreadable') return 'input_unreadable';
    differences.add(decision, judged);

    return undefined;
  }
}

/** The one that decided, where this version has it. */
function evaluatorOf({ evaluator }: PastDecision): EvaluatorName | undefined {
  if (evaluator.cedar_version !== CEDAR_VERSION) return undefined;

  return EVALUATOR_NAMES.get(evaluator.name);
}

/** By the names that records have. */
const EVALUATOR_NAMES: ReadonlyMap<string, EvaluatorName> = new Map([
  ['compiled', 'compiled'],
  ['cedar-wasm', 'cedar'],
]);
