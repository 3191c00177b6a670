import type { Database, PreparedStatement } from './database.ts';
import { COLUMN_TYPES, type DecisionRow, type InputRow } from './decision-row.ts';
import { query } from './pool.ts';
import { textArray } from './text-array.ts';

/** Parameters of the statement: one array for each. */
const PARAMETERS = {
  ...COLUMN_TYPES,
  kek_id: 'text',
  wrapped_key: 'text',
  nonce: 'text',
  ciphertext: 'text',
} as const satisfies Record<keyof DecisionRow | keyof InputRow, string>;

const NAMES = Object.keys(PARAMETERS) as (keyof typeof PARAMETERS)[];

/**
 * Adds records with their inputs in one statement; one that is there already is left as it is, its input too,
 * so that an erased input does not come back.
 * @throws PdpError as `toStoreError` says.
 */
export async function insertDecisions(
  database: Database,
  rows: readonly (DecisionRow & Partial<InputRow>)[],
): Promise<void> {
  await query(
    database,
    INSERT,
    NAMES.map((name) => textArray(rows.map((row) => text(row[name])))),
  );
}

function text(value: string | number | null | undefined): string | null {
  return typeof value === 'number' ? value.toString() : (value ?? null);
}

const COLUMNS = Object.keys(COLUMN_TYPES).join(', ');
const ARRAYS = NAMES.map((_name, index) => `$${index + 1}::text[]`).join(', ');
const VALUES = NAMES.map((name) => `${name}::${PARAMETERS[name]}`).join(', ');

// Arrays of texts in binary form: reading the same rows from JSON was more than half of what the insert took Postgres (measured).
const INSERT: PreparedStatement = {
  name: 'palisade insert decisions',
  text: `
  with line as materialized (
    select ${VALUES} from unnest(${ARRAYS}) as line (${NAMES.join(', ')})
  ), added as (
    insert into decisions (${COLUMNS}) select ${COLUMNS} from line
    on conflict (decision_id) do nothing
    returning decision_id
  )
  insert into decision_inputs (decision_id, kek_id, wrapped_key, nonce, ciphertext)
  select decision_id, kek_id, decode(wrapped_key, 'base64'), decode(nonce, 'base64'), decode(ciphertext, 'base64')
  from line join added using (decision_id) where kek_id is not null
  on conflict (decision_id) do nothing`,
};
