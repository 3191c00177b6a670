import pg from 'pg';
import { PdpError } from '../engine/error.ts';

/** SQLSTATE classes and codes, PostgreSQL appendix "Error Codes". The classes are the first two characters. */
const UNAVAILABLE = new Set([
  '08', // connection exception
  '28', // invalid authorization specification
  '3D', // invalid catalog name: no such database
  '53', // insufficient resources
  '57', // operator intervention: shutdown, recovery, statement timeout
  '40', // transaction rollback: serialization failure, deadlock
  '55', // object not in prerequisite state: lock timeout
  '58', // system error
]);
const REFUSED_VALUE = new Set([
  '22', // data exception, such as a NUL in a text
  '23', // integrity constraint violation that its caller did not expect
]);

/**
 * What went wrong between us and Postgres, as an error of ours. Neither SQL nor values reach the message; the driver's
 * own error, which may hold both, is the cause.
 */
export function toStoreError(thrown: unknown): PdpError {
  if (thrown instanceof PdpError) return thrown;

  const sqlState = sqlStateOf(thrown);
  // The driver reports a connection that fails, ends or times out without any SQLSTATE.
  if (sqlState === undefined) return unavailable(thrown);

  const sqlClass = sqlState.slice(0, 2);
  if (UNAVAILABLE.has(sqlClass)) return unavailable(thrown);
  if (REFUSED_VALUE.has(sqlClass)) {
    return new PdpError('invalid_request', 'the database refuses a value', { cause: thrown });
  }

  return new PdpError('internal', 'the database refuses a statement', { cause: thrown });
}

/**
 * Whether PostgreSQL was not there to answer: no connection, or one that says it can serve nobody now. A refusal of ours, such as a
 * wrong password, or no such database, is an answer.
 */
export function isAway(thrown: unknown): boolean {
  if (!(thrown instanceof PdpError) || thrown.code !== 'unavailable') return false;
  const sqlState = sqlStateOf(thrown.cause);

  return sqlState === undefined ? isConnectionError(thrown.cause) : AWAY.has(sqlState.slice(0, 2));
}

/** Of {@link UNAVAILABLE} those that say nothing of us. */
const AWAY = new Set(['08', '53', '57', '58']);

/** What the driver reports has an error as its cause; our own refusals have none, or the server's. */
function isConnectionError(cause: unknown): boolean {
  return cause instanceof Error && !(cause instanceof PdpError);
}

/** The five characters with which the server names an error; `undefined` where no server has answered. */
export function sqlStateOf(thrown: unknown): string | undefined {
  return thrown instanceof pg.DatabaseError ? thrown.code : undefined;
}

function unavailable(cause: unknown): PdpError {
  return new PdpError('unavailable', 'the database is not available', { cause });
}
