import type { QueryResultRow } from 'pg';

/** What runs a statement: a pool, or one connection of it within a transaction. `query()` is how statements are run. */
export interface Database {
  query<Row extends QueryResultRow>(statement: Statement, values?: unknown[]): Promise<{ rows: Row[] }>;
}

/** The text of a statement; with a name, each connection keeps it parsed and planned under that. */
export type Statement = string | PreparedStatement;

export interface PreparedStatement {
  /** One for each text, 63 bytes at most. */
  readonly name: string;
  readonly text: string;
}

export function textOf(statement: Statement): string {
  return typeof statement === 'string' ? statement : statement.text;
}

/** Connections to take one from. */
export interface Pool extends Database {
  connect(): Promise<Client>;
  /** Runs first within each transaction, which ends where this throws. */
  readonly onBegin?: (client: Client) => Promise<void>;
}

/** One connection of a pool. */
export interface Client extends Database {
  /** @param broken whether it must not be given to anybody else. */
  release(broken?: boolean): void;
}
