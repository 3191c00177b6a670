import type pg from 'pg';
import { limitRule } from '../../../services/bundles/limits/rule.ts';
import { RawObject } from '../../../services/engine/raw/raw.ts';
import type { Ledger } from '../../../services/ledger/ledger.ts';
import type { Outcome } from '../../../services/pdp/authorize.ts';
import { createRunKeeping, type RunKeeping } from '../../../services/pdp/runs/keeping.ts';
import type { Snapshot } from '../../../services/pdp/snapshot.ts';
import type { CallScope } from '../../../services/pdp/types.ts';
import { createLimitCounting, type LimitCounting } from '../../../services/store/limits/counting.ts';
import { defineLimits } from '../../../services/store/limits/definitions.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import { createFailingFiles, type FailingFiles } from '../../ledger/support/failing-files.ts';
import { withLimits } from '../../store/limits/support.ts';
import { compiled } from '../limits/support.ts';
import { callOf, runOf, scopeOf } from '../support/calls.ts';
import { withLedger } from '../support/ledger.ts';
import { outcomeOf, pathOver, snapshotOf } from '../support/path.ts';
import { agentBundle, BOT } from './support.ts';

export const START = {
  principal: BOT,
  policy_store: '',
  parent_run_id: '',
  conversation_id: '',
  request_id: '',
};

/** The decision path over PostgreSQL, with faults to switch on. */
export interface Faulty {
  readonly serving: pg.Pool;
  readonly counting: LimitCounting;
  readonly files: FailingFiles;
  readonly setClock: (moment: string) => Promise<unknown>;
  readonly keeping: RunKeeping;
  readonly ledger: Ledger;
  readonly snapshot: Snapshot;
  start(): Promise<string>;
  ask(
    action: string,
    run: string,
    more?: {
      readonly resource?: { readonly type: string; readonly id: string };
      readonly input?: RawObject;
      readonly scope?: Partial<CallScope>;
      readonly counting?: Partial<LimitCounting>;
    },
  ): Promise<Outcome>;
}

export async function withFaults(body: (faulty: Faulty) => Promise<void>): Promise<void> {
  const bundle = await compiled(agentBundle());
  const snapshot = snapshotOf(bundle);
  const files = createFailingFiles();
  await withLimits({}, async ({ serving, setClock }) => {
    await withTransaction(serving, (client) => defineLimits(client, 'default', bundle.limits.map(limitRule)));
    await withLedger(
      async (ledger) => {
        const counting = createLimitCounting({ database: serving, onLost: () => undefined });
        const path = pathOver(ledger, { counting });
        const keeping = createRunKeeping({ pool: serving, ledger, now: Date.now });
        await body({
          serving,
          counting,
          files,
          setClock,
          keeping,
          ledger,
          snapshot,
          start: async () => (await keeping.start(snapshot, START, scopeOf())).run_id,

          ask: (
            action,
            run,
            { resource = { type: 'Site', id: 's' }, input, scope, counting: changes } = {},
          ) => {
            const call = callOf({
              principal: BOT,
              action: { type: 'Action', id: action },
              resource,
              context: new RawObject(new Map(input === undefined ? [] : [['input', input]])),
              run: runOf(run),
            });
            const faulty = { ...path, counting: { ...counting, ...changes } };

            return outcomeOf(faulty, snapshot, call, scopeOf(scope));
          },
        });
        await counting.settled();
      },
      64 * 1024 * 1024,
      files,
    );
  });
}
