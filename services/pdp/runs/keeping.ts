import { isNormalId, NOT_NORMAL } from '../../bundles/normal-form.ts';
import { isTypeName } from '../../engine/data/type-name.ts';
import { PdpError } from '../../engine/error.ts';
import { exceedsLimit, LIMITS } from '../../engine/limits.ts';
import { canonicalEntity } from '../../engine/value/canonical.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { RunEntry } from '../../ledger/record.ts';
import type { Client, Database, Pool } from '../../store/database.ts';
import { withTransaction } from '../../store/pool.ts';
import { endRun } from '../../store/runs/end-run.ts';
import { type RunState, readRuns, type WantedRun } from '../../store/runs/read-runs.ts';
import { startRun } from '../../store/runs/start-run.ts';
import { admit, asksForDecisions } from '../admit.ts';
import { refuseLate } from '../deciding.ts';
import { recordBytes, runEntry } from '../record.ts';
import type { Snapshot } from '../snapshot.ts';
import type { CallScope, RawUid, RunCall, RunReply, StartRunCall } from '../types.ts';
import { uuidv7 } from '../uuid.ts';
import { isRunId } from './run-id.ts';

/** Starts, ends and tells of runs, in PostgreSQL and in the decision log. */
export interface RunKeeping {
  /**
   * Opens a run for a principal that the caller may speak for.
   * @throws PdpError as `admit`; `invalid_request` or `too_large` for the principal; `not_found`, `precondition_failed` or `too_large`
   * for the parent; `overloaded` as both below where too many ask at once; `unavailable`.
   */
  start(snapshot: Snapshot, call: StartRunCall, scope: CallScope): Promise<RunReply>;
  /** Ends a run of the caller and all that were started in it; again, it tells when. @throws PdpError `not_found`, `unavailable`. */
  end(call: RunCall, scope: CallScope): Promise<RunReply>;
  /** @throws PdpError `not_found`, `unavailable`. */
  get(call: RunCall, scope: CallScope): Promise<RunReply>;
}

export interface KeepingOptions {
  readonly pool: Pool;
  readonly ledger: Pick<Ledger, 'append' | 'reserve'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What is changed is recorded before it is committed, as everything that decisions depend on. */
export function createRunKeeping({ pool, ledger, now }: KeepingOptions): RunKeeping {
  let inFlight = 0;

  return {
    async start(snapshot, call, scope) {
      refuseLate(scope);
      const { principal, policy_store, parent_run_id: parent } = call;
      const store = admit({ principal, policy_store, detail: 'basic' }, scope.caller);
      if (!snapshot.stores.has(store))
        throw new PdpError('not_found', 'there is no such policy store', { field: 'policy_store' });
      requirePrincipal(principal);
      if (parent !== '' && !isRunId(parent)) throw unknownRun('parent_run_id');
      const { subject } = scope.caller;
      const runId = uuidv7(now());

      return changing(async (client) => {
        await startRun(client, {
          runId,
          store,
          subject,
          principal: canonicalEntity(principal.type, principal.id),
          parent: parent === '' ? undefined : parent,
          conversationId: call.conversation_id,
        });
        const state = await read(client, { runId, subject, stores: [store] });
        await record(scope, 'start_run', call, state);

        return replyOf(state, call, scope);
      });
    },

    async end(call, scope) {
      const wanted = own(call, scope);

      return changing(async (client) => {
        const ended = await endRun(client, wanted);
        const state = await read(client, wanted);
        if (ended?.isNew === true) await record(scope, 'end_run', call, state);

        return replyOf(state, call, scope);
      });
    },

    async get(call, scope) {
      const wanted = own(call, scope);

      return replyOf(await bounded(() => read(pool, wanted)), call, scope);
    },
  };

  function changing(change: (client: Client) => Promise<RunReply>): Promise<RunReply> {
    return bounded(() => withTransaction(pool, change));
  }

  /** While PostgreSQL hangs, what waits for it must not keep out what does not. */
  async function bounded<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    if (inFlight >= LIMITS.runs_in_flight) {
      throw new PdpError(
        'overloaded',
        'too many runs are being started, ended or looked at; try again later',
        {
          limit: { name: 'runs_in_flight', max: LIMITS.runs_in_flight },
        },
      );
    }
    inFlight += 1;
    try {
      return await ask();
    } finally {
      inFlight -= 1;
    }
  }

  async function record(
    scope: CallScope,
    action: RunEntry['action'],
    { request_id }: Pick<RunCall, 'request_id'>,
    { store, root, labels, steps, ...state }: RunState,
  ): Promise<void> {
    const run = {
      run_id: state.runId,
      parent_run_id: state.parent ?? '',
      conversation_id: state.conversationId,
    };
    const told = {
      request_id,
      store,
      principal: entityOf(state.principal),
      action,
      run,
      root_run_id: root,
      steps,
    };
    const at = now();
    const entry = runEntry(scope, { ...told, labels: [...labels] }, uuidv7(at), at);
    await ledger.append(entry, null, ledger.reserve(recordBytes(entry, '')));
  }
}

/** @throws PdpError `permission_denied` for who asks for no decisions, `not_found` for what is no run of anybody. */
function own({ run_id: runId }: RunCall, scope: CallScope): WantedRun {
  refuseLate(scope);
  const { caller } = scope;
  if (!asksForDecisions(caller))
    throw new PdpError('permission_denied', 'this credential administers; runs need a runtime credential');
  if (!isRunId(runId)) throw unknownRun('run_id');

  return { runId, subject: caller.subject, stores: caller.stores };
}

async function read(database: Database, wanted: WantedRun): Promise<RunState> {
  const [state] = await readRuns(database, [wanted]);
  if (state === undefined) throw unknownRun('run_id');

  return state;
}

/** What no request may be made for has no run either; and its name stands in each record of the run. */
function requirePrincipal({ type, id }: RawUid): void {
  const field = 'principal';
  if (!isTypeName(type))
    throw new PdpError('invalid_request', 'principal has a type that is no name', { field });
  if (!isNormalId(id)) throw new PdpError('invalid_request', `principal ${NOT_NORMAL}`, { field });
  if (Buffer.byteLength(type + id) > LIMITS.identifier_bytes) throw exceedsLimit('identifier_bytes', field);
}

/** What a run that is not there, or not the caller's, is told by. */
export function unknownRun(field: string): PdpError {
  return new PdpError('not_found', 'there is no such run', { field });
}

/** A run in the words of replies. */
export function replyOf(
  state: RunState,
  { request_id }: Pick<RunCall, 'request_id'>,
  scope: Pick<CallScope, 'trace'>,
): RunReply {
  return {
    run_id: state.runId,
    principal: entityOf(state.principal),
    policy_store: state.store,
    parent_run_id: state.parent ?? '',
    root_run_id: state.root,
    conversation_id: state.conversationId,
    labels: state.labels,
    steps: state.steps,
    open: state.isOpen,
    started_at: state.startedAt,
    ends_at: state.endsAt,
    request_id,
    trace_id: scope.trace.trace_id,
  };
}

/** The entity behind its canonical text, `["e",type,id]`. */
export function entityOf(canonical: string): RawUid {
  const [, type = '', id = ''] = JSON.parse(canonical) as readonly string[];

  return { type, id };
}
