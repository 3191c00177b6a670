import type { QueryResultRow } from 'pg';
import type { Step } from '../telemetry/call-span.ts';
import { type Client, type Database, type Pool, type Statement, textOf } from './database.ts';

/** Statements of one call that are noted; a verification of the whole log runs any number. */
const STEPS = 128;

/** A pool as one call sees it: each of its statements is noted as a step of the call. */
export function notedPool(pool: Pool, steps: Step[]): Pool {
  return {
    query: noted(pool, steps),

    async connect(): Promise<Client> {
      const client = await pool.connect();

      return { query: noted(client, steps), release: (broken) => client.release(broken) };
    },
  };
}

function noted(database: Database, steps: Step[]): Database['query'] {
  return async <Row extends QueryResultRow>(statement: Statement, values?: unknown[]) => {
    const startedAt = performance.now();
    let fault: string | undefined = 'failed';
    try {
      const result = await database.query<Row>(statement, values);
      fault = undefined;

      return result;
    } finally {
      if (steps.length < STEPS) steps.push(statementStep(textOf(statement), startedAt, fault));
    }
  };
}

function statementStep(text: string, startedAt: number, fault: string | undefined): Step {
  const operation = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'SQL';

  return {
    kind: 'client',
    name: operation,
    startedAt,
    endedAt: performance.now(),
    describe(sink) {
      sink.text('db.system.name', 'postgresql');
      sink.text('db.operation.name', operation);
      sink.text('db.query.text', text);
    },
    fault,
  };
}
