import { PdpError } from './error.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * The published limits. Each is checked before any work that grows faster than the input.
 * Sizes are bytes, times are milliseconds, the rest are counts.
 */
export const LIMITS = {
  /** One Authorize message, JSON or protobuf. */
  body_bytes: 256 * KIB,
  /** One AuthorizeBatch message. */
  batch_bytes: 4 * MIB,
  /** Requests in one AuthorizeBatch message. */
  batch_items: 500,
  /** A bundle archive, and the sum of the files in it. */
  bundle_bytes: 32 * MIB,
  /** Files in one bundle. */
  bundle_files: 10_000,
  /** The signature of a bundle, a compact JWS. */
  signature_bytes: 1_024,
  /** Signatures of one bundle for one store, by keys that the store does not require or does not require yet. */
  bundle_signatures: 64,
  /** Keys that a store may require signatures of. */
  signature_keys: 16,
  /** The schema of a bundle: Cedar clones it for every request. */
  schema_bytes: 256 * KIB,
  /** Identifiers of a schema after its common types are expanded; Cedar expands them, so a short text can grow exponentially. */
  schema_expansion: 100_000,
  /** Combinations of principal type, action and resource type in one schema; Cedar validates a policy once for each. */
  request_environments: 10_000,
  /** bundle.yaml. */
  manifest_bytes: 64 * KIB,
  /** Each file of tests. */
  test_file_bytes: MIB,
  /** Tests in one bundle. */
  bundle_tests: 10_000,
  /** Static entities in one bundle. */
  bundle_entities: 50_000,
  /** Limits that one bundle declares. */
  bundle_limits: 64,
  /** Limits that count one action. */
  action_limits: 8,
  /** Labels in the lattice of one bundle. */
  bundle_labels: 64,
  /** Runs above each other in one tree of runs. */
  run_depth: 16,
  /** Runs in one tree, ended ones too: they end and are forgotten together. */
  run_tree: 1_000,
  /** How long a run may go on, with all that were started in it; then it ends by itself. */
  run_hours: 24,
  /** How long an ended run, and what only it counted, is kept. */
  run_kept_hours: 24,
  /** Entities that one store holds. */
  stored_entities: 100_000,
  /** Entities that one write puts or deletes. */
  stored_entity_changes: 5_000,
  /** The body of one write of entities. */
  entity_write_bytes: 2 * MIB,
  /** One stored entity as JSON. */
  stored_entity_bytes: 256 * KIB,
  /** The id of a stored entity, and its type: they are the key of an index. */
  stored_entity_id_bytes: KIB,
  /** Break-glasses of one store that are open at once. */
  open_break_glass: 16,
  /** For how long one is open at most, in minutes. */
  break_glass_minutes: 240,
  /** Actions that one names; it may also be for all. */
  break_glass_actions: 64,
  /** Containers inside each other in any JSON that a caller sends. */
  json_depth: 32,
  /** One string, in UTF-8 bytes. */
  string_bytes: 64 * KIB,
  /** Elements of one set. */
  set_elements: 1_000,
  /** Fields of one record. */
  record_fields: 1_000,
  /** Values in the context and the entities of one request, those inside others and repeated ones too: 1 µs each to read. */
  request_values: 10_000,
  /** Entities that one request supplies. */
  request_entities: 100,
  /** Direct and indirect parents of one entity. */
  entity_ancestors: 100,
  /** Parents above each other. */
  parent_chain: 32,
  /** Entities that one evaluation may reach from the request, the bundle's own included. */
  reached_entities: 250,
  /** What Cedar reads for one request, in units of about 4 µs: a Long 1, a reference 8, an entity 4, 256 bytes of text 1. */
  evaluation_weight: 2_500,
  /** What the policies compare for one request, in units of about 2 ns: the length of a pattern times that of its text. */
  evaluation_work: 6_000_000,
  /** Expressions inside each other; a chain of one operator counts once. */
  expression_nesting: 64,
  /** Operands of one chain such as `a || b || c`. */
  operator_chain: 256,
  /** All expressions inside each other, chains spelled out: Cedar traps at 352 when it evaluates them. */
  expression_depth: 256,
  /** The text of one policy. */
  policy_bytes: 32 * KIB,
  /** Policies and template links in one bundle. */
  policies: 100_000,
  /** Policies that no scope narrows: every request selects them. */
  unanchored_policies: 100,
  /** Policies that one request may select, the unanchored ones included: Cedar parses them at their first use, 0.03 ms each. */
  slice_policies: 250,
  /** Text of the policies that one request may select, a template once and 1/16 for each link: parsed in up to 0.5 ms a KiB. */
  slice_bytes: 32 * KIB,
  /** What one call for constraints looks at: each pair of action and resource type 1, each policy that bears on it 1 for 256 bytes of its conditions. */
  constraints_work: 20_000,
  /** The text of all residuals of one such call. */
  constraints_bytes: MIB,
  /** An identifier that only correlates: request_id, run_id and the like, in UTF-8 bytes. */
  identifier_bytes: 256,
  /** Requests in flight in one process, a batch counting each of its items. */
  requests_in_flight: 8_192,
  /** Of these, those that limits count and that wait for PostgreSQL: others go on while it hangs. */
  counted_in_flight: 2_048,
  /** Calls of one process that start, end or look at runs. */
  runs_in_flight: 256,
  /** An idempotency key: printable ASCII. */
  idempotency_key_bytes: 128,
  /** Time for which an idempotency key stands for the request that first came under it. */
  idempotency_ms: 600_000,
  /** Reports of outcomes that one process works on, most of them waiting for their decision to reach PostgreSQL. */
  outcomes_in_flight: 256,
  /** Time after a decision for which its outcome may be reported; what is not reported by then counts in full. */
  outcome_ms: 3_600_000,
  /** Questions to people of one run, or of one principal where there is no run, that may be open or denied of late. */
  open_approvals: 16,
  /** The same of one principal, in whichever runs. */
  open_approvals_of_principal: 64,
  /** How long a denial by people stands for the same request. */
  approval_denial_ms: 15 * 60_000,
  /** Calls of one process that look at approvals in PostgreSQL. */
  approvals_in_flight: 256,
  /** One wait for the answer to a question; whoever waits asks again. */
  approval_wait_ms: 30_000,
  /** Such waits of one process at a time. */
  approval_waits: 1_024,
  /** Watches of questions that one process answers at a time. */
  approval_watches: 64,
  /** The comment of an answer, in characters. */
  approval_comment: 1_024,
  /** Time of the thread that bundles may take which are judged by Cedar after a difference; calls beyond it are refused. */
  fallback_percent: 50,
  /** Requests in flight on one stream before reading pauses. */
  stream_in_flight: 64,
  /** Deadline of a call that brings none. */
  deadline_ms: 2_000,
  /** Time for a request to arrive once it has begun. */
  receive_ms: 5_000,
} as const;

export type LimitName = keyof typeof LIMITS;

/** @throws PdpError `too_large`, naming the limit, its value and the field. */
export function exceedsLimit(name: LimitName, field: string): PdpError {
  return new PdpError('too_large', `${field} is over the limit ${name} (${LIMITS[name]})`, {
    field,
    limit: { name, max: LIMITS[name] },
  });
}
