import { PdpError } from '../../engine/error.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { listFigures, storeFigures, type Trial } from '../../store/candidate-figures.ts';
import { changeDeployment } from '../../store/change-deployment.ts';
import { RESERVED_NAME } from '../../store/credentials.ts';
import type { Database, Pool } from '../../store/database.ts';
import { withTransaction } from '../../store/pool.ts';
import type { Log } from '../../telemetry/log.ts';
import { automatic, newRecordId, recordingDeployment } from '../change-record.ts';
import type { Replica } from '../replica.ts';
import type { RunningCanary, StoreState } from '../snapshot.ts';
import { addFigures, FIGURES, type Figures, NO_FIGURES } from './figures.ts';
import { type Intervention, interventionFor } from './guard.ts';
import { candidatesOf, type Trials } from './trials.ts';

export interface WatchOptions {
  readonly pool: Pool;
  readonly replica: Pick<Replica, 'snapshot'>;
  readonly trials: Trials;
  readonly ledger: Ledger;
  readonly processId: string;
  readonly log: Log;
  /** Told of what a limit made of a canary here. */
  readonly onIntervention: (store: string, kind: Intervention['kind']) => void;
}

/**
 * Brings this process's figures to PostgreSQL once, and holds those of all processes against the limits of each canary.
 * @throws PdpError `unavailable` where PostgreSQL does not answer; the next time does what this one could not.
 */
export async function watchTrials(options: WatchOptions): Promise<void> {
  const { pool, replica, trials, ledger, processId } = options;
  const staged = [...replica.snapshot().stores.values()].filter((state) => state.staged !== undefined);
  trials.keep(
    staged.flatMap(({ name, staged: beside }) =>
      beside === undefined ? [] : candidatesOf(name, beside).map(({ trial }) => trial),
    ),
  );

  const source = { bootId: ledger.bootId, processId };
  for (const tally of trials.tallies()) await storeFigures(pool, tally.trial, source, tally.figures());
  for (const state of staged) {
    const canary = state.staged?.canary;
    if (canary !== undefined) await watchCanary(options, state, canary);
  }
}

/** What all processes have counted of a candidate. */
export async function figuresOf(database: Database, trial: Trial): Promise<Figures> {
  const all = await listFigures(database, trial);

  return all.map((one) => FIGURES.parse(one)).reduce(addFigures, NO_FIGURES);
}

async function watchCanary(options: WatchOptions, state: StoreState, canary: RunningCanary): Promise<void> {
  const { pool, log, onIntervention } = options;
  const store = state.name;
  const trial = { store, role: 'canary', since: canary.since } as const;
  const intervention = interventionFor(await figuresOf(pool, trial), canary.limits);
  if (intervention === undefined || (intervention.kind === 'freeze' && canary.frozen !== null)) return;

  const { kind, why } = intervention;
  if (!(await intervene(options, state, canary, intervention))) return;
  onIntervention(store, kind);
  log.error(
    { store, digest: canary.bundle.ref.digest, why },
    kind === 'end' ? 'a canary was ended by its limits' : 'a canary was frozen by its limit on flips',
  );
}

/** @returns false where the deployment has changed meanwhile: another process or a person came first. */
async function intervene(
  { pool, ledger }: WatchOptions,
  { name: store, sequence }: StoreState,
  { since }: RunningCanary,
  { kind, why }: Intervention,
): Promise<boolean> {
  const recordId = newRecordId(Date.now());
  try {
    await withTransaction(pool, (client) =>
      changeDeployment(
        client,
        {
          store,
          change: kind === 'end' ? { action: 'end_canary', since } : { action: 'freeze', since, why },
          expectedSequence: sequence,
          author: RESERVED_NAME,
          approvedBy: null,
          reason: why,
          recordId,
        },
        recordingDeployment(ledger, automatic(), recordId),
      ),
    );

    return true;
  } catch (error) {
    const isLate = error instanceof PdpError && ['conflict', 'precondition_failed'].includes(error.code);
    if (isLate) return false;
    throw error;
  }
}
