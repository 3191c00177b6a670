import type pg from 'pg';
import type { CompiledBundle } from '../../../services/bundles/compile.ts';
import { limitRule } from '../../../services/bundles/limits/rule.ts';
import { RawObject } from '../../../services/engine/raw/raw.ts';
import { createPeople, type People } from '../../../services/pdp/approvals/people.ts';
import type { DecisionPath, Outcome } from '../../../services/pdp/authorize.ts';
import type { Staged } from '../../../services/pdp/snapshot.ts';
import type { AuthorizeCall, CallScope } from '../../../services/pdp/types.ts';
import { createLimitCounting, type LimitCounting } from '../../../services/store/limits/counting.ts';
import { defineLimits } from '../../../services/store/limits/definitions.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import { createFailingFiles, type FailingFiles } from '../../ledger/support/failing-files.ts';
import { withDatabase } from '../../support/postgres.ts';
import { compiled } from '../limits/support.ts';
import { callerOf, callOf, scopeOf } from '../support/calls.ts';
import { withLedger } from '../support/ledger.ts';
import { outcomeOf, pathOver, snapshotOf } from '../support/path.ts';
import { type PayChanges, payBundle } from './support.ts';

/** One payment that is asked for. */
export interface Payment {
  readonly amount?: bigint;
  readonly note?: string;
  readonly account?: string;
  readonly subject?: string;
  readonly call?: Partial<AuthorizeCall>;
  readonly scope?: Partial<CallScope>;
  readonly people?: Partial<People>;
  readonly counting?: Partial<LimitCounting>;
  readonly bundle?: CompiledBundle;
  readonly staged?: Staged;
}

/** The decision path over PostgreSQL, with people to ask and faults to switch on. */
export interface Paying {
  readonly owner: pg.Pool;
  readonly serving: pg.Pool;
  readonly people: People;
  readonly counting: LimitCounting;
  readonly files: FailingFiles;
  readonly bundle: CompiledBundle;
  pay(payment?: Payment): Promise<Outcome>;
  /** What the only approval is, and what is used of all limits. */
  state(): Promise<{ readonly status: string; readonly recorded: boolean; readonly used: string }>;
}

export async function withPaying(
  body: (paying: Paying) => Promise<void>,
  changes: PayChanges = {},
): Promise<void> {
  const bundle = await compiled(payBundle(changes));
  const files = createFailingFiles();
  await withDatabase(({ owner, serving }) =>
    withLedger(
      async (ledger) => {
        await withTransaction(serving, (client) =>
          defineLimits(client, 'default', bundle.limits.map(limitRule)),
        );
        const onLost = () => undefined;
        const counting = createLimitCounting({ database: serving, onLost });
        const people = createPeople({
          database: serving,
          url: 'https://approvals.example/{approval_id}',
          onLost,
        });
        const path = pathOver(ledger, { counting, approvals: people });
        await body({
          ...{ owner, serving, people, counting, files, bundle },
          pay: ({ people: other, counting: counted, bundle: by = bundle, staged, ...payment } = {}) =>
            ask(
              { ...path, approvals: { ...people, ...other }, counting: { ...counting, ...counted } },
              by,
              staged,
              payment,
            ),
          state: () => stateIn(serving),
        });
      },
      64 * 1024 * 1024,
      files,
    ),
  );
}

function ask(
  path: DecisionPath,
  bundle: CompiledBundle,
  staged: Staged | undefined,
  { amount = 500n, note = 'rent', account = 'a', subject = 'agents', call, scope }: Payment,
): Promise<Outcome> {
  const input = new RawObject(
    new Map<string, bigint | string>([
      ['amount', amount],
      ['note', note],
    ]),
  );
  const asked = callOf({
    principal: { type: 'Bot', id: 'bot' },
    action: { type: 'Action', id: 'pay' },
    resource: { type: 'Account', id: account },
    context: new RawObject(new Map([['input', input]])),
    ...call,
  });
  const around = scopeOf({ caller: callerOf({ subject }), ...scope });

  return outcomeOf(path, snapshotOf(bundle, staged), asked, around);
}

async function stateIn(serving: pg.Pool) {
  const { rows } = await serving.query(
    `select status, recorded, (select coalesce(sum(used), 0) from limit_counters) as used from approvals`,
  );
  if (rows.length !== 1) throw new Error(`there are ${rows.length} approvals`);

  return rows[0] as { status: string; recorded: boolean; used: string };
}

/** The id of the question that a reply names. */
export function questionOf(outcome: Outcome): string {
  const id = 'approval' in outcome ? outcome.approval?.approval_id : undefined;
  if (id === undefined)
    throw new Error(
      `no question: ${JSON.stringify(outcome, (_, v) => (typeof v === 'bigint' ? `${v}` : v))}`,
    );

  return id;
}
