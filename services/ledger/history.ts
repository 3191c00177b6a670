import { setImmediate as turn } from 'node:timers/promises';
import { PdpError } from '../engine/error.ts';
import type { Database } from '../store/database.ts';
import { type ReplayRange, type ReplayRow, selectReplayRows } from '../store/replay-rows.ts';
import type { InputOpener } from './input.ts';
import { type DecisionRecord, readRecord } from './record.ts';

export type PastDecision = Extract<DecisionRecord, { kind: 'decision' }>;

/**
 * Why there is nothing to decide again. `not_decided`: the call ended in an error; `input_not_kept`: it was recorded without its input;
 * `input_erased`: somebody erased that; `key_missing`: the keyring lacks the key that it is under; `input_altered`: it does not open, or
 * is not the record's; `record_unreadable`: the record is of no version that this one knows.
 */
export const LOST_REASONS = [
  'not_decided',
  'input_not_kept',
  'input_erased',
  'key_missing',
  'input_altered',
  'record_unreadable',
] as const;

export type LostReason = (typeof LOST_REASONS)[number];

/** A record of the past: a decision with the exact request, or why there is none. */
export type Past =
  | { readonly decision: PastDecision; readonly input: string }
  | { readonly decision?: undefined; readonly lost: LostReason };

/** A page has at most so many records, and ends with the one that reaches so many bytes: what is held at once stays bounded. */
const PAGE = { rows: 1_000, bytes: 8 * 1024 * 1024 };

/**
 * Reads a range of the log, the newest first, a page at a time. The next page is on its way while one is worked on.
 * @throws PdpError as `toStoreError` says.
 */
export async function* readHistory(
  database: Database,
  range: ReplayRange,
): AsyncGenerator<readonly ReplayRow[]> {
  let { before } = range;
  let coming = next();
  for (;;) {
    const page = await coming;
    const last = page.at(-1);
    if (last === undefined) return;
    before = last.decision_id;
    coming = next();
    // Whoever stops here does not wait for it.
    coming.catch(() => undefined);
    // Work on a page does not let go of the thread, and until then a statement is not sent.
    await turn();
    yield page;
  }

  function next(): Promise<readonly ReplayRow[]> {
    return selectReplayRows(database, { ...range, before }, PAGE);
  }
}

/** Reads one row's record and opens its input. Never throws: what cannot be had is told. */
export function readPast(row: ReplayRow, opener: InputOpener): Past {
  const record = recordOf(row);
  if (record === undefined) return { lost: 'record_unreadable' };
  if (record.kind !== 'decision') return { lost: 'not_decided' };
  if (record.commitment === null) return { lost: 'input_not_kept' };

  const { kek_id, wrapped_key, nonce, ciphertext } = row;
  if (kek_id === null || wrapped_key === null || nonce === null || ciphertext === null) {
    return { lost: 'input_erased' };
  }

  try {
    const part = { kek_id, wrapped_key, nonce, ciphertext };

    return { decision: record, input: opener.open(part, record, record.commitment) };
  } catch (error) {
    return {
      lost: error instanceof PdpError && error.code === 'unavailable' ? 'key_missing' : 'input_altered',
    };
  }
}

function recordOf({ record }: ReplayRow): DecisionRecord | undefined {
  try {
    return readRecord(record);
  } catch {
    return undefined;
  }
}
