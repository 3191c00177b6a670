import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PdpError, toPdpError } from '../engine/error.ts';
import type { Database } from '../store/database.ts';
import { sqlStateOf } from '../store/database-error.ts';
import type { DecisionRow, InputRow } from '../store/decision-row.ts';
import { insertRefused } from '../store/decisions.ts';
import { insertDecisions } from '../store/insert-decisions.ts';
import { columnsOf } from './columns.ts';
import { encodeLine, type SpoolRecord } from './spool/line.ts';
import type { SpoolLine } from './spool/segment.ts';

/** Brings spool lines to Postgres: each once, in their order, however long it takes. */
export interface Delivery {
  /** @throws the signal's reason once it aborts; for no other cause. */
  deliver(lines: readonly SpoolLine[], signal: AbortSignal): Promise<void>;
  stats(): DeliveryStats;
}

export interface DeliveryStats {
  /** Records that are in Postgres now, those that were there before included. */
  readonly delivered: number;
  /** Lines kept as bytes because Postgres cannot hold them as rows. */
  readonly refused: number;
  /** Lines whose checksum did not fit; kept as bytes too. */
  readonly damaged: number;
  /** Age of the oldest record that waits for Postgres, in milliseconds; null if none does. */
  readonly oldestMs: number | null;
  /** Why Postgres does not take records now; null if it does. */
  readonly problem: string | null;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** Classes of what Postgres says of a value, whoever asks and whenever: data exception, constraint, program limit (index row too long). */
const REFUSALS = new Set(['22', '23', '54']);

/** Not of the value: a row on its way to the default partition when its own one appeared, or no partition at all. */
const CHECK_VIOLATION = '23514';

export function createDelivery(database: Database): Delivery {
  const total: Tally = { delivered: 0, refused: 0, damaged: 0 };
  let oldest: number | null = null;
  let problem: string | null = null;

  return {
    async deliver(lines, signal) {
      oldest = timeOf(lines);
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        signal.throwIfAborted();
        try {
          // An attempt that fails halfway is made again as a whole, so it counts only when it is through.
          const tally: Tally = { delivered: 0, refused: 0, damaged: 0 };
          await insert(lines, tally);
          add(total, tally);
          oldest = null;
          problem = null;
          return;
        } catch (error) {
          problem = toPdpError(error).message;
        }
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    },

    stats: () => ({
      ...total,
      oldestMs: oldest === null ? null : Math.max(0, Date.now() - oldest),
      problem,
    }),
  };

  /** Halves what is refused until single lines are left, so that one never stands in the way of the others. */
  async function insert(lines: readonly SpoolLine[], tally: Tally): Promise<void> {
    const [line] = lines;
    if (line === undefined) return;

    try {
      await insertDecisions(database, lines.map(rowOf));
      tally.delivered += lines.length;
    } catch (error) {
      const why = refusal(error);
      if (why === undefined) throw error;
      if (lines.length === 1) return keep(line, why, tally);

      const half = Math.ceil(lines.length / 2);
      await insert(lines.slice(0, half), tally);
      await insert(lines.slice(half), tally);
    }
  }

  async function keep(line: SpoolLine, why: string, tally: Tally): Promise<void> {
    const bytes =
      line.kind === 'damaged' ? line.bytes : Buffer.from(encodeLine(line.record.text, line.record.input));
    await insertRefused(database, {
      digest: createHash('sha256').update(bytes).digest(),
      line: bytes,
      problem: why,
    });
    tally[line.kind === 'damaged' ? 'damaged' : 'refused'] += 1;
  }
}

interface Tally {
  delivered: number;
  refused: number;
  damaged: number;
}

function add(total: Tally, tally: Tally): void {
  total.delivered += tally.delivered;
  total.refused += tally.refused;
  total.damaged += tally.damaged;
}

/** A line that is no row, found before Postgres was asked. */
class Unrowable extends Error {}

function rowOf(line: SpoolLine): DecisionRow & Partial<InputRow> {
  if (line.kind === 'damaged') throw new Unrowable('its checksum does not fit');

  try {
    return { ...columnsOf(line.record.text), record: line.record.text, ...inputOf(line.record) };
  } catch (error) {
    throw new Unrowable(`it is not a record: ${error instanceof Error ? error.message : ''}`);
  }
}

function inputOf({ input }: SpoolRecord): Partial<InputRow> {
  if (input === null) return {};
  const { kek_id, wrapped_key, nonce, ciphertext } = JSON.parse(input) as InputRow;

  return { kek_id, wrapped_key, nonce, ciphertext };
}

function refusal(error: unknown): string | undefined {
  if (error instanceof Unrowable) return error.message;
  if (!(error instanceof PdpError)) return undefined;

  const state = sqlStateOf(error.cause);
  if (state === undefined || state === CHECK_VIOLATION || !REFUSALS.has(state.slice(0, 2))) return undefined;

  return `refused with SQLSTATE ${state}`;
}

function timeOf([line]: readonly SpoolLine[]): number | null {
  try {
    return line?.kind === 'record' ? Date.parse(columnsOf(line.record.text).time) : null;
  } catch {
    return null;
  }
}
