import { z } from 'zod';
import type { Database } from '../store/database.ts';
import {
  type ChainCursor,
  type ChainRow,
  countRefused,
  type StoreScope,
  selectChainRows,
} from '../store/decisions.ts';
import { type ChainPosition, genesis, recordHash } from './chain.ts';
import { columnsOf } from './columns.ts';

/**
 * What is wrong at one place of a chain. `gap`: records are missing before it; `missing_head`: the chain does not begin at 0;
 * `edit`: the record before it is not the one that it was written after, or is another's; `fork`: two records stand at one
 * place; `columns`: the table's columns do not say what the record says.
 */
export type ChainProblem = 'gap' | 'missing_head' | 'edit' | 'fork' | 'columns';

export interface ChainFinding {
  readonly problem: ChainProblem;
  readonly process_id: string;
  readonly boot_id: string;
  readonly seq: number;
  /** Null where the record belongs to a store that the caller may not see. */
  readonly decision_id: string | null;
  readonly detail: string;
}

export interface Verification {
  readonly records: number;
  readonly chains: number;
  /** The first ones, in the order of the chains. */
  readonly findings: readonly ChainFinding[];
  /** How many there are in all. */
  readonly problems: number;
  /** Spool lines that were kept as bytes, because they were damaged or refused; each also shows as a gap. */
  readonly refused: number;
}

const chained = z.object({ process: z.object({ prev_hash: z.string() }) });

const PAGE_ROWS = 500;
const FINDINGS_KEPT = 1_000;

/**
 * Walks every chain of the log from its genesis, in bounded memory. A chain whose end is still in a spool is whole as far
 * as it goes; a hole is a finding. That nothing was cut off a chain's end, or its last record replaced, no chain can show.
 *
 * Chains run across stores, so all of them are read; of records in other stores than `stores` only the place is told.
 * @throws PdpError as `toStoreError` says; the signal's reason once it aborts.
 */
export async function verifyChains(
  database: Database,
  stores: StoreScope,
  signal?: AbortSignal,
): Promise<Verification> {
  const findings: ChainFinding[] = [];
  let problems = 0;
  let records = 0;
  let chains = 0;
  let chain: ChainWalk | undefined;

  for await (const row of chainRows(database)) {
    signal?.throwIfAborted();
    if (chain?.process_id !== row.process_id || chain.boot_id !== row.boot_id) {
      chain = beginChain(row);
      chains += 1;
    }

    records += 1;
    for (const [problem, detail] of inspect(chain, row)) {
      problems += 1;
      if (findings.length < FINDINGS_KEPT) findings.push(findingAt(row, problem, detail, stores));
    }
    advance(chain, row);
  }

  return { records, chains, findings, problems, refused: await countRefused(database) };
}

interface ChainWalk {
  readonly process_id: string;
  readonly boot_id: string;
  /** Where the next record should stand, as the records so far have it. */
  expected: ChainPosition;
}

async function* chainRows(database: Database): AsyncGenerator<ChainRow> {
  let after: ChainCursor | undefined;
  for (;;) {
    const page = await selectChainRows(database, after, PAGE_ROWS);
    yield* page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1);
  }
}

function beginChain({ process_id, boot_id }: ChainRow): ChainWalk {
  return { process_id, boot_id, expected: genesis({ process_id, boot_id }) };
}

function* inspect({ expected }: ChainWalk, row: ChainRow): Generator<readonly [ChainProblem, string]> {
  const differing = differingColumns(row);
  if (differing !== undefined) yield ['columns', differing];

  if (row.seq < expected.seq) {
    yield ['fork', `${row.seq} stands in the chain more than once`];
    return;
  }
  if (row.seq > expected.seq) {
    const missing = `${expected.seq} to ${row.seq - 1} are missing`;
    yield [expected.seq === 0 ? 'missing_head' : 'gap', missing];
    return;
  }
  if (prevHashOf(row.record) !== expected.prevHash) {
    yield [
      'edit',
      row.seq === 0
        ? 'it does not begin this chain'
        : `it was not written after ${row.seq - 1} as that is now`,
    ];
  }
}

function advance(chain: ChainWalk, { seq, record }: ChainRow): void {
  if (seq < chain.expected.seq) return;

  chain.expected = { seq: seq + 1, prevHash: recordHash(record) };
}

function prevHashOf(record: string): string | undefined {
  try {
    return chained.parse(JSON.parse(record)).process.prev_hash;
  } catch {
    return undefined;
  }
}

function differingColumns({ record, ...columns }: ChainRow): string | undefined {
  const stands = new Map<string, unknown>(Object.entries(columns));
  try {
    const said = Object.entries(columnsOf(record));
    const differing = said.filter(([name, value]) => stands.get(name) !== value).map(([name]) => name);
    return differing.length === 0 ? undefined : `differing: ${differing.join(', ')}`;
  } catch {
    return 'the text is not a record';
  }
}

function findingAt(row: ChainRow, problem: ChainProblem, detail: string, stores: StoreScope): ChainFinding {
  const { process_id, boot_id, seq, store, decision_id } = row;
  const visible = stores === 'all' || (store !== null && stores.includes(store));
  return { problem, process_id, boot_id, seq, decision_id: visible ? decision_id : null, detail };
}
