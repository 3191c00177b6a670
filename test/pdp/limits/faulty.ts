import type pg from 'pg';
import type { CompiledBundle } from '../../../services/bundles/compile.ts';
import { limitRule } from '../../../services/bundles/limits/rule.ts';
import { RawObject } from '../../../services/engine/raw/raw.ts';
import type { DecisionPath, Outcome } from '../../../services/pdp/authorize.ts';
import type { AuthorizeCall, CallScope } from '../../../services/pdp/types.ts';
import { createLimitCounting, type LimitCounting } from '../../../services/store/limits/counting.ts';
import { defineLimits } from '../../../services/store/limits/definitions.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import { createFailingFiles, type FailingFiles } from '../../ledger/support/failing-files.ts';
import { withDatabase } from '../../support/postgres.ts';
import { callOf, scopeOf } from '../support/calls.ts';
import { withLedger } from '../support/ledger.ts';
import { outcomeOf, pathOver, snapshotOf } from '../support/path.ts';
import { compiled, sendBundle, sent } from './support.ts';

/** The decision path over PostgreSQL, with faults to switch on. */
export interface Faulty {
  readonly serving: pg.Pool;
  readonly counting: LimitCounting;
  readonly files: FailingFiles;
  ask(
    action: string,
    more?: {
      readonly call?: Partial<AuthorizeCall>;
      readonly scope?: Partial<CallScope>;
      readonly counting?: Partial<LimitCounting>;
    },
  ): Promise<Outcome>;
  /** What is used of the limit, and how many uses are pending. */
  used(): Promise<{ used: string; pending: string }>;
}

/** Runs `body` over a limit of 2 calls of `send` and `peek` an hour. */
export async function withFaults(
  body: (faulty: Faulty) => Promise<void>,
  { defined = true, capBytes = 64 * 1024 * 1024 } = {},
): Promise<void> {
  const bundle = await compiled(sendBundle(sent(2)));
  const files = createFailingFiles();
  await withDatabase(({ serving }) =>
    withLedger(
      async (ledger) => {
        if (defined) {
          await withTransaction(serving, (client) =>
            defineLimits(client, 'default', bundle.limits.map(limitRule)),
          );
        }
        const counting = createLimitCounting({ database: serving, onLost: () => undefined });
        const path = pathOver(ledger, { counting });
        await body({
          serving,
          counting,
          files,
          ask: (action, { call, scope, counting: changes } = {}) =>
            decide({ ...path, counting: { ...counting, ...changes } }, bundle, { action, call, scope }),
          used: () => usedIn(serving),
        });
      },
      capBytes,
      files,
    ),
  );
}

interface Asked {
  readonly action: string;
  readonly call: Partial<AuthorizeCall> | undefined;
  readonly scope: Partial<CallScope> | undefined;
}

function decide(
  path: DecisionPath,
  bundle: CompiledBundle,
  { action, call: changes, scope }: Asked,
): Promise<Outcome> {
  const call: AuthorizeCall = callOf({
    principal: { type: 'Sender', id: 's' },
    action: { type: 'Action', id: action },
    resource: { type: 'Box', id: 'b' },
    context: new RawObject(new Map([['n', 1n]])),
    ...changes,
  });

  return outcomeOf(path, snapshotOf(bundle), call, scopeOf(scope));
}

async function usedIn(serving: pg.Pool) {
  const { rows } = await serving.query(
    `select (select coalesce(sum(used), 0) from limit_counters) as used,
            (select count(*) from limit_entries where not recorded) as pending`,
  );

  return rows[0] as { used: string; pending: string };
}

export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
