import * as z from 'zod';
import type {} from 'zod-openapi';
import { APPROVAL_STATUSES } from '../../../engine/approval.ts';
import { PDP_ERROR_CODES } from '../../../engine/error.ts';
import { LIMITS } from '../../../engine/limits.ts';
import type { RawNode } from '../../../engine/raw/raw.ts';
import { REASON_CODES } from '../../types.ts';

/**
 * The REST form of `proto/palisade/v1/authorization.proto`: the same names, enum values in lower case, 64-bit integers as
 * exact JSON numbers, times as RFC 3339, and Cedar JSON in `context` and `entities`. One schema is type, parser and document.
 */
const UINT64_MAX = 2n ** 64n - 1n;

export const uint64 = z
  .bigint({ error: 'must be an integer from 0 to 2^64 - 1' })
  .min(0n, 'must not be negative')
  .max(UINT64_MAX, 'must be less than 2^64')
  .meta({ override: { type: 'integer', format: 'uint64', minimum: 0 } });
const sequence = uint64.meta({ description: 'Counts the changes of what Palisade enforces.' });
const identifier = z.string().meta({ description: `At most ${LIMITS.identifier_bytes} bytes.` });
const decision = z.enum(['allow', 'deny']).meta({ description: 'Anything but `allow` is a deny.' });
const digest = z.string().meta({ description: '`sha256:` and 64 hex digits.' });

/** Raw trees pass through: their schema is the bundle's, and the engine reads them against it. */
const raw = z.custom<RawNode>(() => true);

const entities = raw.meta({
  override: {
    type: 'array',
    items: { type: 'object' },
    maxItems: LIMITS.request_entities,
    description: 'Cedar JSON entities of the types that a request may supply.',
  },
});

const EntityUid = z.strictObject({ type: z.string(), id: z.string() }).meta({ id: 'EntityUid' });

const Run = z
  .strictObject({
    run_id: identifier.optional(),
    parent_run_id: identifier.optional(),
    step: uint64.optional(),
    tool_call_id: identifier.optional(),
    conversation_id: identifier.optional(),
    agent_id: identifier.optional(),
    tool_name: identifier.optional(),
  })
  .meta({
    id: 'Run',
    description:
      'One agent execution and the tool call within it. Of these, `run_id` alone can decide: where an action depends on runs, it is one of `POST /v1/runs`.',
  });

export const AuthorizeRequest = z
  .strictObject({
    principal: EntityUid,
    action: EntityUid,
    resource: EntityUid,
    context: raw.meta({ override: { type: 'object', description: 'A Cedar JSON record.' } }).optional(),
    entities: entities.optional(),
    policy_store: identifier.optional().meta({ description: "Absent: the credential's only store." }),
    request_id: identifier.optional().meta({ description: 'Correlates only.' }),
    idempotency_key: z
      .string()
      .optional()
      .meta({
        description: `The same request again under it within ten minutes gets the first reply. At most ${LIMITS.idempotency_key_bytes} characters of printable ASCII.`,
      }),
    run: Run.optional(),
    mode: z.enum(['enforce', 'check']).optional().meta({
      description: 'Absent: `enforce`. `check` changes nothing, and must not be acted on.',
    }),
    detail: z.enum(['basic', 'full']).optional().meta({
      description: 'Absent: `basic`. `full` needs a credential that may have it.',
    }),
    expected_bundle_digest: digest.optional().meta({
      description: 'Where another bundle decides, the request fails with `precondition_failed`.',
    }),
    at_least_sequence: sequence.optional(),
    approval_id: identifier.optional().meta({
      description: 'An approval of exactly this request, which the call consumes where it needs one.',
    }),
    supported_obligations: z.array(z.string()).optional().meta({
      description: 'Ids that the client can carry out; an allow that obliges to another is a deny.',
    }),
    traceparent: z.string().optional().meta({
      description: 'Only for messages of a gRPC stream; here the header of that name counts.',
    }),
  })
  .meta({ id: 'AuthorizeRequest' });

const Explanation = z
  .strictObject({
    determining_policies: z.array(
      z.strictObject({
        policy_id: z.string(),
        effect: z.enum(['permit', 'forbid']),
        annotations: z.record(z.string(), z.string()),
      }),
    ),
    errors: z.array(z.strictObject({ policy_id: z.string(), message: z.string() })),
    cedar_decision: decision.meta({ description: 'What Cedar alone answers.' }),
    policy_decision: decision.meta({ description: 'What would be enforced, where it is only monitored.' }),
  })
  .meta({ id: 'Explanation', description: 'Only with `detail: full`.' });

const Obligation = z
  .strictObject({ id: z.string(), params: z.record(z.string(), z.string()) })
  .meta({ id: 'Obligation', description: 'What an allow obliges to; see `supported_obligations`.' });

const Bundle = z
  .strictObject({ name: z.string(), version: z.string(), digest })
  .meta({ id: 'Bundle', description: 'The one that was evaluated.' });

const long = z.bigint().meta({ override: { type: 'integer', format: 'int64', minimum: 0 } });
const LimitState = z
  .strictObject({
    name: z.string(),
    used: long,
    max: long,
    resets_at: z.string().optional().meta({
      format: 'date-time',
      description: 'When some of it is free again. Absent: nothing is used, or it counts as long as the run.',
    }),
  })
  .meta({ id: 'LimitState', description: 'What is used of a limit, after an allow that counts with it.' });

export const Approval = z
  .strictObject({
    approval_id: z.string().meta({ description: 'UUIDv7.' }),
    status: z.enum(APPROVAL_STATUSES),
    expires_at: z.string().meta({ format: 'date-time', description: 'Until then it is answered and used.' }),
    url: z.string().optional().meta({ description: 'Where people answer it.' }),
  })
  .meta({
    id: 'Approval',
    description:
      'The question to people that stands for the request, or the approval that it consumed. Once it is approved, send the same request with its `approval_id`.',
  });
export type ApprovalBody = z.infer<typeof Approval>;

export const WaitForApprovalRequest = z
  .strictObject({
    approval_id: identifier,
    policy_store: identifier.optional().meta({ description: "Absent: the credential's only store." }),
    timeout_ms: z
      .bigint()
      .min(0n)
      .max(BigInt(LIMITS.approval_wait_ms))
      .optional()
      .meta({ override: { type: 'integer', minimum: 0, maximum: LIMITS.approval_wait_ms } }),
  })
  .meta({ id: 'WaitForApprovalRequest' });

export const WaitForApprovalResponse = z
  .strictObject({ approval: Approval.meta({ description: 'Still pending: wait again.' }) })
  .meta({ id: 'WaitForApprovalResponse' });

export const AuthorizeResponse = z
  .strictObject({
    decision,
    decision_id: z.string().meta({ description: 'UUIDv7.' }),
    request_id: z.string().optional(),
    request_digest: digest,
    replayed: z.boolean(),
    bundle: Bundle,
    state_sequence: sequence,
    // Open, because a later version may add codes.
    reason_code: z.string().meta({ examples: [...REASON_CODES] }),
    message: z.string().optional().meta({ description: 'For the model that was refused.' }),
    obligations: z.array(Obligation).optional().meta({
      description: 'Carry out all of them with an allow, or do not act on it. Absent: none.',
    }),
    alternatives: z.array(z.string()).optional().meta({
      description: 'What would be allowed instead, for the model that was refused.',
    }),
    approval: Approval.optional(),
    limits: z.array(LimitState).optional().meta({
      description: 'Of each limit of the action whose state was looked at. Absent: none.',
    }),
    retry_after_ms: uint64.optional().meta({
      description: 'Of a deny: not before so many milliseconds. Absent: trying again does not help.',
    }),
    enforcement: z.enum(['enforced', 'monitored', 'check_only']),
    trace_id: z.string(),
    evaluated_at: z.string().meta({ format: 'date-time' }),
    explanation: Explanation.optional(),
  })
  .meta({ id: 'AuthorizeResponse' });

/** @see AuthorizeRequest */
export const ConstraintsRequest = z
  .strictObject({
    principal: EntityUid,
    actions: z.array(EntityUid).max(LIMITS.set_elements).optional().meta({
      description: "Absent or empty: all that are for the principal's type.",
    }),
    resource_types: z.array(z.string()).optional().meta({ description: 'Absent or empty: all.' }),
    entities: entities.optional(),
    policy_store: identifier.optional().meta({ description: "Absent: the credential's only store." }),
    request_id: identifier.optional().meta({ description: 'Correlates only.' }),
    run: Run.optional(),
    detail: z.enum(['basic', 'full']).optional().meta({
      description: 'Absent: `basic`. `full` adds residuals, and needs a credential that may have them.',
    }),
    expected_bundle_digest: digest.optional().meta({
      description: 'Where another bundle would decide, the call fails with `precondition_failed`.',
    }),
    at_least_sequence: sequence.optional(),
  })
  .meta({ id: 'ConstraintsRequest' });

const PolicyResidual = z
  .strictObject({
    policy_id: z.string(),
    effect: z.enum(['permit', 'forbid']),
    resource: z.string().meta({
      description: 'Which resources its head leaves, as Cedar text; `resource`: all.',
    }),
    condition: z.string().meta({
      description: 'A Cedar expression over resource and context; `true`: nothing is left to hold.',
    }),
  })
  .meta({
    id: 'PolicyResidual',
    description: 'What is left of a policy once the principal and the action are known.',
  });

const TypeConstraints = z
  .strictObject({
    type: z.string(),
    possible: z.boolean().meta({
      description: '`false`: each such request is denied. `true` promises nothing.',
    }),
    residuals: z.array(PolicyResidual).optional().meta({ description: 'Only with `detail: full`.' }),
  })
  .meta({ id: 'TypeConstraints' });

const ActionConstraints = z
  .strictObject({
    action: EntityUid,
    possible: z.boolean().meta({
      description: '`false`: each request of the principal for it is denied, on whatever resource.',
    }),
    resource_types: z.array(TypeConstraints),
  })
  .meta({ id: 'ActionConstraints' });

export const ConstraintsResponse = z
  .strictObject({
    request_id: z.string().optional(),
    bundle: Bundle,
    state_sequence: sequence,
    enforcement: z.enum(['enforced', 'monitored', 'check_only']),
    trace_id: z.string(),
    evaluated_at: z.string().meta({ format: 'date-time' }),
    actions: z.array(ActionConstraints),
  })
  .meta({
    id: 'ConstraintsResponse',
    description: 'Holds for this bundle and this sequence. No decision: nothing in it allows anything.',
  });

export const StartRunRequest = z
  .strictObject({
    principal: EntityUid,
    policy_store: identifier.optional().meta({ description: "Absent: the credential's only store." }),
    parent_run_id: identifier.optional().meta({
      description: 'Of the run that this one works for. Absent: it is a root.',
    }),
    conversation_id: identifier.optional().meta({ description: 'Correlates only.' }),
    request_id: identifier.optional().meta({ description: 'Correlates only.' }),
  })
  .meta({ id: 'StartRunRequest' });

export const EndRunRequest = z
  .strictObject({ request_id: identifier.optional().meta({ description: 'Correlates only.' }) })
  .meta({ id: 'EndRunRequest' });

export const RunStatus = z
  .strictObject({
    run_id: z.string().meta({ description: 'UUIDv7.' }),
    principal: EntityUid,
    policy_store: z.string(),
    parent_run_id: z.string().optional().meta({ description: 'Absent: it is a root.' }),
    root_run_id: z.string().meta({
      description: 'The run itself, where it is a root; labels and limits by run belong to it.',
    }),
    conversation_id: z.string().optional(),
    labels: z.array(z.string()).meta({ description: 'What the tree has taken, sorted.' }),
    steps: uint64.meta({ description: 'Calls of this run that were allowed and counted.' }),
    open: z.boolean(),
    started_at: z.string().meta({ format: 'date-time' }),
    ends_at: z.string().meta({ format: 'date-time', description: 'When it ended, or will end by itself.' }),
    request_id: z.string().optional(),
    trace_id: z.string(),
  })
  .meta({ id: 'RunStatus', description: 'A run, which calls name in `run.run_id`.' });

const MAX_LONG = 2n ** 63n - 1n;
const amount = z
  .bigint({ error: 'must be an integer from 0 to 2^63 - 1' })
  .max(MAX_LONG, 'must be less than 2^63')
  .meta({ override: { type: 'integer', format: 'int64', minimum: 0 } });
const outcome = z.enum(['success', 'failure']);

export const ReportOutcomeRequest = z
  .strictObject({
    outcome,
    cost: z.record(z.string(), amount).optional().meta({
      description:
        'What the call really cost, by the names of limits that counted it, each in its own unit. Absent: what was counted, and after a failure nothing.',
    }),
    input_tokens: uint64.optional(),
    output_tokens: uint64.optional(),
    duration_ms: uint64.optional(),
    output_digest: digest.optional(),
  })
  .meta({ id: 'ReportOutcomeRequest' });

const SettledLimit = z
  .strictObject({
    name: z.string(),
    reserved: long.meta({ description: 'What the decision had used.' }),
    charged: long.meta({ description: 'What it counts for from now on.' }),
  })
  .meta({ id: 'SettledLimit' });

export const ReportOutcomeResponse = z
  .strictObject({
    decision_id: z.string(),
    outcome,
    limits: z.array(SettledLimit).optional().meta({
      description: 'Of each limit whose use had waited for a report. Absent: none.',
    }),
  })
  .meta({ id: 'ReportOutcomeResponse', description: 'The same report again is answered the same.' });

const ItemError = z
  .strictObject({ code: z.enum(PDP_ERROR_CODES), field: z.string().optional(), message: z.string() })
  .meta({ id: 'Error' });

const AuthorizeResult = z
  .strictObject({
    request_id: z.string().optional(),
    index: z.number().meta({ override: { type: 'integer', minimum: 0 } }),
    response: AuthorizeResponse.optional(),
    error: ItemError.optional(),
  })
  .meta({ id: 'AuthorizeResult', description: 'Either `response` or `error` is there.' });

export const AuthorizeBatchRequest = z
  .strictObject({ requests: z.array(AuthorizeRequest).max(LIMITS.batch_items) })
  .meta({ id: 'AuthorizeBatchRequest' });

export const AuthorizeBatchResponse = z
  .strictObject({ results: z.array(AuthorizeResult) })
  .meta({ id: 'AuthorizeBatchResponse', description: 'Same order and same length as the requests.' });

export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number().meta({ override: { type: 'integer' } }),
    detail: z.string(),
    code: z.enum(PDP_ERROR_CODES),
    field: z.string().optional().meta({ description: 'Path of the field at fault.' }),
    limit: z
      .strictObject({ name: z.string(), max: z.number() })
      .optional()
      .meta({ description: 'The published limit that the request is over.' }),
    retry_after_ms: z
      .number()
      .optional()
      .meta({
        override: { type: 'integer' },
        description: 'Milliseconds after which the same request may pass.',
      }),
    trace_id: z.string(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457.' });

export type AuthorizeResponseBody = z.infer<typeof AuthorizeResponse>;
export type ConstraintsResponseBody = z.infer<typeof ConstraintsResponse>;
export type RunStatusBody = z.infer<typeof RunStatus>;
export type ReportOutcomeResponseBody = z.infer<typeof ReportOutcomeResponse>;
export type AuthorizeResultBody = z.infer<typeof AuthorizeResult>;
export type ProblemBody = z.infer<typeof Problem>;
