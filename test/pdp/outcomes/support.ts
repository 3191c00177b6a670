import { createPool } from '../../../services/store/pool.ts';
import { createDecisionClient, type DecisionClient, type Outcome } from '../../support/decision-client.ts';
import { createOutcomeClient, type OutcomeClient } from '../../support/outcome-client.ts';
import { restBody } from '../../support/question.ts';
import { createCredential, createStore, deploy, uniqueName } from '../../support/shared-store.ts';
import type { SharedWorld } from '../../support/shared-world.ts';
import { sendBundle, sent } from '../limits/support.ts';

/** Of an action `send`, of which 100 in sum may be spent in a day and may come back, and 99 sent in an hour that may not. */
export const SPENDING = [
  sent(100, { name: 'spent', window: '{ calendar: day, time_zone: UTC }', cost: 'n', refundable: 'true' }),
  sent(99, { name: 'sent' }),
].join(', ');

/** A store in which one runtime spends. */
export interface Spending {
  readonly store: string;
  readonly token: string;
  readonly decisions: DecisionClient;
  readonly outcomes: OutcomeClient;
  /** Gets `n` allowed, or whatever the members of the request make of it. */
  spend(n: number, members?: Parameters<typeof restBody>[0]['members']): Promise<Outcome>;
  /** What is used of each limit. */
  used(): Promise<readonly string[]>;
}

export async function spending(world: SharedWorld, limits = SPENDING): Promise<Spending> {
  const store = uniqueName('outcomes');
  await createStore(world, store);
  const token = await createCredential(world, { stores: [store] });
  await deploy(world, store, sendBundle(limits));
  const decisions = createDecisionClient(world.addresses, token);

  return {
    store,
    token,
    decisions,
    outcomes: createOutcomeClient(world.addresses, token),
    spend: (n, members) => decisions.rest(restBody({ ...question(n), members })),
    used: () => usedIn(world, store),
  };
}

export function question(n: number, sender = 's') {
  return {
    principal: `Sender::"${sender}"`,
    action: 'Action::"send"',
    resource: 'Box::"b"',
    context: `{"n":${n}}`,
  };
}

async function usedIn({ databaseUrl }: SharedWorld, store: string): Promise<readonly string[]> {
  const pool = createPool({ connection: databaseUrl, max: 1 });
  try {
    const { rows } = await pool.query(
      'select name, used from limit_counters where store = $1 order by name, key',
      [store],
    );

    return rows.map(({ name, used }) => `${name} ${used}`);
  } finally {
    await pool.end();
  }
}
