import type { CompiledBundle } from '../../bundles/compile.ts';
import type { ReadRequest } from '../../bundles/inform.ts';
import { type RunRule, unknownLabel } from '../../bundles/runs/rule.ts';
import type { Facts } from '../../engine/facts/assert.ts';
import { EMPTY_RUN, runFact } from '../../engine/facts/values.ts';
import type { RunState } from '../../store/runs/read-runs.ts';
import type { RunStep } from '../../store/settlement.ts';
import type { DecisionPath } from '../authorize.ts';
import type { Begun } from '../deciding.ts';
import type { Judged } from '../judge.ts';
import { denyForRun } from '../settle.ts';
import { isRunId } from './run-id.ts';

/** Why an action that needs a run is denied, whatever its policies say. */
export type RunRefusal = 'missing' | 'unknown' | 'ended' | 'unknown_label';

/** The run of a request as it was found, or why there is none for it. */
export type KnownRun =
  | { readonly state: RunState; readonly refusal?: undefined }
  | { readonly state?: undefined; readonly refusal: Exclude<RunRefusal, 'unknown_label'> };

/** What a run has to do with one request. */
export interface RunPart {
  /** Whether the request is denied without; otherwise it is only counted where there is one. */
  readonly isNeeded: boolean;
  /**
   * Whether the run has to be known before it is judged or counted, or people are asked for their word; otherwise settling finds out
   * whether the run stands.
   */
  readonly isReadFirst: boolean;
  /** Why there is no run for it, where nobody has to be asked for that. */
  readonly presumed: KnownRun | undefined;
  /** Waits for the other calls that are judged by the same run in this process. @returns lets the next one in; to be called once. */
  readonly enter: () => Promise<() => void>;
  /** @throws PdpError `unavailable`, `overloaded`. */
  readonly read: () => Promise<KnownRun>;
  /** What a bundle may know of it. Of a run that there is not, what is known of one that has just begun. */
  readonly facts: (bundle: CompiledBundle, known: KnownRun) => Pick<Facts, 'run'>;
  /** Lets a verdict stand where the run does, and says what the run takes with it. @param known absent: the run is taken to stand. */
  readonly settle: (judged: Judged, known: KnownRun | undefined) => Judged;
  /** What an allow leaves in the run. */
  readonly step: (judged: Judged, known: KnownRun | undefined) => RunStep;
}

const MESSAGES = {
  missing: 'This action needs a run: start one, and send its run_id with each call.',
  unknown:
    'This credential and principal have no such run here: start one, and send its run_id with each call.',
  ended: 'The run has ended: start another one, and send its run_id with each call.',
} as const;

/** @param rule of the action that is asked for. */
export function runPart(
  { counting, runTurns }: Pick<DecisionPath, 'counting' | 'runTurns'>,
  { call, scope, store, selected }: Begun,
  { request, action }: ReadRequest,
  rule: RunRule,
): RunPart {
  const runId = call.run?.run_id ?? '';
  const { subject } = scope.caller;
  const principal = request.principal.canonical();
  const isByRun = action.limits.some((limit) => limit.isByRun);
  const presumed = rule.isNeeded ? refusalOf(runId) : undefined;

  return {
    isNeeded: rule.isNeeded,
    isReadFirst: rule.isNeeded && (rule.isFact || isByRun || selected.bundle.asksApproval),
    presumed,
    enter: () =>
      rule.isFact && isRunId(runId) ? runTurns.enter(`${subject} ${runId}`) : Promise.resolve(noTurn),

    async read() {
      if (presumed !== undefined) return presumed;
      const state = await counting.readRun({ runId, subject, stores: [store], deadline: scope.deadline });
      if (state?.principal !== principal) return { refusal: 'unknown' };

      return state.isOpen ? { state } : { refusal: 'ended' };
    },

    facts(bundle, { state }) {
      const counts = bundle.actions.get(request.action.key)?.run?.counts;
      const actions = new Map(
        [...(state?.actions ?? [])].flatMap(([text, count]) => {
          const name = counts?.get(text);

          return name === undefined ? [] : [[name, count] as const];
        }),
      );

      return { run: runFact({ ...EMPTY_RUN, ...state, actions }) };
    },

    settle(judged, known) {
      const refuse = (why: RunRefusal, message: string): Judged => ({
        ...judged,
        settled: denyForRun(selected.bundle, judged.settled, message),
        run: { refusal: why, takes: [] },
      });
      const refusal = known?.refusal;
      if (refusal !== undefined) return refuse(refusal, MESSAGES[refusal]);
      if (judged.settled.decision === 'deny') return judged;

      const taken = rule.takes(judged.decided.informed.request);
      if ('labels' in taken) return { ...judged, run: { takes: taken.labels } };

      return refuse('unknown_label', unknownLabel(taken.unknown));
    },

    step: (judged, known) => ({
      run_id: runId,
      principal,
      action: action.forCaller.uid.canonical(),
      needed: rule.isNeeded,
      takes: judged.run?.takes ?? [],
      ...(known?.state === undefined || !rule.isFact
        ? {}
        : { steps: `${known.state.steps}`, labels: known.state.labels.length }),
    }),
  };
}

function refusalOf(runId: string): KnownRun | undefined {
  if (runId === '') return { refusal: 'missing' };

  return isRunId(runId) ? undefined : { refusal: 'unknown' };
}

function noTurn(): void {}
