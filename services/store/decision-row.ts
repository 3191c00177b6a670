/** A record's text and what stands in columns so that it can be found. */
export interface DecisionRow extends DecisionColumns {
  readonly record: string;
}

export interface DecisionColumns {
  readonly decision_id: string;
  readonly kind: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string;
  readonly store: string | null;
  readonly subject: string;
  readonly principal_type: string | null;
  readonly principal_id: string | null;
  readonly action_type: string | null;
  readonly action_id: string | null;
  readonly resource_type: string | null;
  readonly resource_id: string | null;
  readonly decision: string | null;
  readonly reason_code: string;
  readonly bundle_digest: string | null;
  readonly trace_id: string;
  readonly process_id: string;
  readonly boot_id: string;
  readonly seq: number;
  /** Of an enforced decision: the break-glass that it was made under. */
  readonly break_glass: string | null;
}

/** An encrypted input; bytes as base64. */
export interface InputRow {
  readonly kek_id: string;
  readonly wrapped_key: string;
  readonly nonce: string;
  readonly ciphertext: string;
}

/** The columns of a record, with their types in Postgres. */
export const COLUMN_TYPES = {
  decision_id: 'uuid',
  kind: 'text',
  time: 'timestamptz',
  store: 'text',
  subject: 'text',
  principal_type: 'text',
  principal_id: 'text',
  action_type: 'text',
  action_id: 'text',
  resource_type: 'text',
  resource_id: 'text',
  decision: 'text',
  reason_code: 'text',
  bundle_digest: 'text',
  trace_id: 'text',
  process_id: 'text',
  boot_id: 'uuid',
  seq: 'bigint',
  break_glass: 'uuid',
  record: 'text',
} as const satisfies Record<keyof DecisionRow, string>;
