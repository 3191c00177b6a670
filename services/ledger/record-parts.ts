import { z } from 'zod';
import type { JsonValue } from './json.ts';

// What members of records are made of. JSON Schema knows no bigint; what `meta` holds goes into the generated schema.

export const uint64 = z.bigint().nonnegative().meta({ type: 'integer', minimum: 0 });
export const uuid = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
export const uid = z.strictObject({ type: z.string(), id: z.string() });

/** Version of the record's form; a reader refuses what it does not know. */
export const RECORD_VERSION = 1n;

export const int64 = z.bigint().meta({ type: 'integer' });
export const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

export const jsonValue: z.ZodType<JsonValue> = z
  .lazy(() =>
    z.union([z.string(), int64, z.boolean(), z.null(), z.array(jsonValue), z.record(z.string(), jsonValue)]),
  )
  .meta({ id: 'value', description: 'Explicit Cedar JSON; integers are exact, up to 64 bits.' });

export const run = z
  .strictObject({
    run_id: z.string(),
    parent_run_id: z.string(),
    step: uint64,
    tool_call_id: z.string(),
    conversation_id: z.string(),
    agent_id: z.string(),
    tool_name: z.string(),
  })
  .describe('The agent execution that asked, in its own words; an empty text is absent.');

export const bundleRef = z.strictObject({ name: z.string(), version: z.string(), digest });

export const link = z
  .strictObject({
    process_id: z
      .string()
      .describe(
        'The serving process, as configured; `palisade-owner` for what the owner of the database records.',
      ),
    boot_id: uuid.describe(
      'One start of that process; every start begins a chain of its own. The owner has one chain, named by the installation.',
    ),
    seq: uint64.describe('Position in the chain, from 0 without gaps.'),
    prev_hash: sha256Hex.describe(
      "SHA-256 of the previous record's text exactly as written; for the first, of the genesis text of process and boot.",
    ),
  })
  .describe('The place in the hash chain: a gap, an edit or a fork shows.');

export const common = {
  record_version: z.literal(RECORD_VERSION).meta({ type: 'integer', const: Number(RECORD_VERSION) }),
  decision_id: uuid.describe('UUIDv7.'),
  time: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
    .describe('When it was decided, RFC 3339 in UTC with milliseconds.'),
  transport: z.enum(['grpc', 'rest', 'in_process']),
  credential: z
    .strictObject({
      id: z.string().nullable().describe('Null for a call without a credential.'),
      subject: z.string().describe("The credential's stable name, or `anonymous`."),
    })
    .describe('Who asked.'),
  request_id: z.string().describe("The caller's own correlation; empty if it gave none."),
  run: run.nullable(),
  mode: z.enum(['enforce', 'check']),
  trace: z.strictObject({
    trace_id: z.string().regex(/^[0-9a-f]{32}$/),
    parent_span_id: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .nullable(),
  }),
};

/** The members that only the ledger knows; they close the record's text. */
export const closing = {
  commitment: z
    .string()
    .regex(/^hmac-sha256:[0-9a-f]{64}$/)
    .nullable()
    .describe(
      "HMAC-SHA256 over the request's text; its random key lies inside the encrypted input. Null: no input was kept.",
    ),
  process: link,
};
