import { randomUUID } from 'node:crypto';
import type { Timed } from '../../../services/store/limits/counting.ts';
import { defineLimits, type LimitDefinition } from '../../../services/store/limits/definitions.ts';
import {
  type Consumed,
  type CountedDecision,
  consumeLimits,
  type LimitUse,
} from '../../../services/store/limits/uses.ts';
import { withTransaction } from '../../../services/store/pool.ts';
import { type OpenTestDatabase, withDatabase } from '../../support/postgres.ts';

export type LimitDatabase = OpenTestDatabase & {
  /** Puts the clock of windows to a moment; until then it is PostgreSQL's own. */
  readonly setClock: (moment: string) => Promise<unknown>;
};

export const SLIDING: LimitDefinition['window'] = { kind: 'sliding', spanMs: 10_000 };

export function calendar(unit: string, timeZone = 'UTC'): LimitDefinition['window'] {
  return { kind: 'calendar', unit, timeZone };
}

/** Runs `body` with a database whose default store knows these limits. */
export function withLimits<Result>(
  windows: Readonly<Record<string, LimitDefinition['window']>>,
  body: (database: LimitDatabase) => Promise<Result>,
): Promise<Result> {
  return withDatabase(async (database) => {
    const { owner, serving } = database;
    await define(serving, windows);
    let settable = false;
    const setClock = async (moment: string): Promise<unknown> => {
      if (!settable) {
        await owner.query('create table told_time (moment timestamptz)');
        await owner.query('grant select on told_time to palisade_serving');
        await owner.query('insert into told_time values (now())');
        await owner.query('grant select on told_time to palisade_serving');
        await owner.query(
          `create or replace function limit_clock() returns timestamptz language sql volatile as 'select moment from told_time'`,
        );
        settable = true;
      }

      return owner.query('update told_time set moment = $1', [moment]);
    };

    return body({ ...database, setClock });
  });
}

export function define(
  serving: OpenTestDatabase['serving'],
  windows: Readonly<Record<string, LimitDefinition['window']>>,
): Promise<void> {
  const definitions = Object.entries(windows).map(([name, window]) => ({
    name,
    window,
    definition: `by [], ${window.kind}`,
  }));

  return withTransaction(serving, (client) => defineLimits(client, 'default', definitions));
}

/** Of limit `a`, which slides in all tests, or of another, which goes by the calendar. Nothing is reserved for a report. */
export function use(name: string, max: number, amount = 1, key = '[]'): LimitUse {
  const definition = `by [], ${name === 'a' ? 'sliding' : 'calendar'}`;

  return {
    store: 'default',
    name,
    definition,
    key,
    max: BigInt(max),
    amount: BigInt(amount),
    reserved: false,
    refundable: false,
  };
}

export function decision(...uses: readonly LimitUse[]): Timed<CountedDecision> {
  return { decisionId: randomUUID(), subject: 'tester', uses, deadline: Number.POSITIVE_INFINITY };
}

/** Counts one decision alone. */
export async function consume(
  serving: OpenTestDatabase['serving'],
  ...uses: readonly LimitUse[]
): Promise<Consumed> {
  const [answer] = await consumeLimits(serving, [decision(...uses)]);
  if (answer === undefined) throw new Error('the store does not know the limit');

  return answer;
}
