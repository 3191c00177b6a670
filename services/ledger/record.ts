import { z } from 'zod';
import { GLASS, GLASS_REPORT } from './glass-record.ts';
import { parseExactJson } from './json.ts';
import { bundleRef, closing, common, digest, int64, jsonValue, uid, uint64, uuid } from './record-parts.ts';

const decisionRecord = z
  .strictObject({
    kind: z.literal('decision'),
    ...common,
    store: z.string(),
    principal: uid,
    action: uid,
    resource: uid,
    decision: z.enum(['allow', 'deny']).describe('The verdict that was replied.'),
    reason_code: z.string(),
    policy_codes: z.array(z.string()).describe('`@code` of the determining policies, sorted.'),
    message: z.string(),
    obligations: z
      .array(z.strictObject({ id: z.string(), params: z.record(z.string(), z.string()) }))
      .optional()
      .describe('What the allow obliged its enforcer to, as replied. Absent: nothing.'),
    alternatives: z
      .array(z.string())
      .optional()
      .describe('What the deny said would be allowed instead, as replied. Absent: nothing.'),
    limits: z
      .array(z.strictObject({ name: z.string(), amount: int64, used: int64, max: int64 }))
      .optional()
      .describe(
        'Of each limit whose state was looked at: what the decision uses, and what is used, of an enforced allow with it. Absent: none.',
      ),
    run_refusal: z
      .enum(['missing', 'unknown', 'ended', 'unknown_label'])
      .optional()
      .describe(
        'Why the run that the action needs did not stand; then it is a deny whatever the policies say. Absent: it stood, or none is needed.',
      ),
    labels_taken: z
      .array(z.string())
      .optional()
      .describe('What the run took with this allow, closed downwards. Absent: nothing.'),
    approval: z
      .strictObject({ approval_id: uuid, status: z.string() })
      .optional()
      .describe(
        'The question to people that the decision waits for, or the approval that it consumed. Absent: there is none.',
      ),
    cedar_decision: z.enum(['allow', 'deny']).describe('What Cedar alone answered.'),
    policy_decision: z
      .enum(['allow', 'deny'])
      .optional()
      .describe(
        'What the policies say, also where that was only monitored. Absent in records from before monitoring.',
      ),
    enforcement: z.enum(['enforced', 'monitored', 'check_only']),
    arm: z
      .enum(['active', 'canary'])
      .optional()
      .describe(
        'Which of the two bundles of the deployment decided. Absent in records from before canaries.',
      ),
    determining: z.array(z.string()).describe('Ids of the determining policies, sorted.'),
    policy_errors: z.array(z.strictObject({ policy_id: z.string(), message: z.string() })),
    facts: z.record(z.string(), jsonValue).describe('What the PDP asserted as `context.pdp`.'),
    severity: z
      .literal('critical')
      .optional()
      .describe('Of what somebody has to look at: it was decided under break-glass. Absent: of all others.'),
    break_glass: uuid
      .optional()
      .describe('The break-glass that was asserted as a fact, whether or not a policy yielded to it.'),
    state_sequence: uint64.describe(
      'The state that decided: the sequence of the newest deployment, write of entities or break-glass.',
    ),
    bundle: bundleRef,
    request_digest: digest,
    evaluator: z.strictObject({ name: z.string(), cedar_version: z.string() }),
    disclosed: z
      .record(z.string(), jsonValue)
      .describe("Context values under the paths that the bundle's `record.allow` lists."),
    ...closing,
  })
  .meta({ id: 'decision', description: 'A request that was decided.' });

const errorRecord = z
  .strictObject({
    kind: z.literal('error'),
    ...common,
    store: z.string().nullable().describe('Null if none was selected.'),
    principal: uid.nullable(),
    action: uid.nullable(),
    resource: uid.nullable(),
    error: z.strictObject({ code: z.string(), field: z.string().nullable() }),
    ...closing,
  })
  .meta({ id: 'error', description: 'An authenticated call that could not be decided.' });

const limits = z.strictObject({
  max_error_rate: z.string().nullable(),
  max_latency_ratio: z.string().nullable(),
  max_p99_ms: z.string().nullable(),
  max_flip_rate: z.string().nullable(),
  min_sample: uint64,
});

const state = z
  .strictObject({
    digest,
    canary: z
      .strictObject({
        digest,
        percent: uint64,
        by: z.enum(['run', 'principal']),
        since: uint64,
        limits,
        frozen: z.string().nullable(),
      })
      .nullable(),
    shadow: z.strictObject({ digest, since: uint64 }).nullable(),
    monitor: z
      .strictObject({ policies: z.array(z.string()).nullable() })
      .nullable()
      .describe('Whose effect is only told; null in `policies`: of all policies.'),
  })
  .describe('All that the store runs from this change on.');

const namedCredential = z.strictObject({ id: z.string(), name: z.string() });

const madeAdmin = z
  .strictObject({
    credential: namedCredential,
    database_role: z.string().describe('Who made it, as far as the database knows: the role that logged in.'),
    good_before: z
      .array(namedCredential)
      .describe('The admin credentials that were good at that moment. With any, it was made by force.'),
    revoked: z.array(namedCredential).describe('What was revoked in the same transaction.'),
  })
  .describe('An admin credential that the owner of the database made there, without asking a server.');

const liftedEvaluator = z
  .strictObject({
    digest,
    decision_id: uuid.describe('The decision on which the evaluators had differed.'),
    process_id: z.string().describe('Who had made it.'),
  })
  .describe(
    'A bundle that is judged again by the evaluator that processes are configured for, and no more by Cedar.',
  );

const changeRecord = z
  .strictObject({
    kind: z.literal('change'),
    ...common,
    store: z.string().nullable().describe('Null where it concerns all of them.'),
    action: z
      .string()
      .describe(
        'What was changed, such as `activate`, `canary`, `two_person_on`, `write_entities` or `recover`.',
      ),
    author: z
      .string()
      .describe(
        'Whose change it is; `palisade` where a limit made it, `palisade recover` where the owner of the database did.',
      ),
    approved_by: z.string().nullable().describe('The second person; null where none was asked.'),
    proposal_id: uuid.nullable(),
    reason: z.string(),
    sequence: uint64.nullable().describe('Of the deployment that it makes; null where it makes none.'),
    before: uint64.nullable().describe('The sequence that it follows.'),
    state: state.nullable(),
    admin: madeAdmin.optional().describe('Absent in all other changes.'),
    evaluator: liftedEvaluator.optional().describe('Absent in all other changes.'),
    entities: z
      .strictObject({
        sequence: uint64.describe('Of the state of the store that the write makes.'),
        put: uint64,
        deleted: uint64,
        uids: z.array(uid).describe('The first 20 of them, in the order in which they were written.'),
      })
      .optional()
      .describe('Of a write of entities, without what they hold. Absent in all other changes.'),
    glass: GLASS.optional().describe('That was opened or closed. Absent in all other changes.'),
    approval: z
      .strictObject({
        approval_id: uuid,
        person: uid.describe('Who answered, as the bundle that asked knows them.'),
        request_digest: digest.describe('Of the request that the answer is for, and no other.'),
        status: z
          .string()
          .describe('What the question came to with this answer: `pending` where more are wanted.'),
      })
      .optional()
      .describe('Of an answer to a question of approval. Absent in all other changes.'),
    ...closing,
  })
  .meta({
    id: 'change',
    description:
      'A change of what Palisade enforces. It is written before the change is committed, so one whose `decision_id` no deployment, no entity and no break-glass names never came into effect.',
  });

const administrationRecord = z
  .strictObject({
    kind: z.literal('administration'),
    ...common,
    store: z
      .string()
      .nullable()
      .describe('Null where it concerns no one store, or one that the credential does not name.'),
    principal: uid,
    action: uid,
    resource: uid,
    call: z.strictObject({
      route: z.string().describe('Such as `PUT /v1/stores/:store/deployment`.'),
      target: z.string().describe('The digest, id or store in its path; empty where there is none.'),
      roles: z.array(z.string()).describe('That the credential held.'),
    }),
    decision: z.enum(['allow', 'deny']),
    reason_code: z.string(),
    determining: z.array(z.string()).describe('Ids of the determining policies, sorted.'),
    bundle: bundleRef.describe('The built-in one that decided.'),
    ...closing,
  })
  .meta({
    id: 'administration',
    description:
      'A call of administration, written before it is carried out. Of reads and refusals that repeat within a minute, the first.',
  });

const side = z.strictObject({
  bundle: bundleRef,
  decision: z.enum(['allow', 'deny']),
  reason_code: z.string(),
  determining: z.array(z.string()),
});

const flipRecord = z
  .strictObject({
    kind: z.literal('flip'),
    ...common,
    store: z.string(),
    principal: uid,
    action: uid,
    resource: uid,
    flip: z.strictObject({
      of: uuid.describe('The decision that was compared.'),
      role: z.enum(['canary', 'shadow']),
      active: side,
      candidate: side,
    }),
    ...closing,
  })
  .meta({ id: 'flip', description: 'A decision on which a candidate differs from the active bundle.' });

const runRecord = z
  .strictObject({
    kind: z.literal('run'),
    ...common,
    store: z.string(),
    principal: uid,
    action: z.enum(['start_run', 'end_run']),
    root_run_id: uuid.describe('The run itself, where it was started in no other.'),
    labels: z.array(z.string()).describe('What the tree of the run had taken by then, sorted.'),
    steps: uint64.describe('How many of its calls were allowed and counted by then.'),
    ...closing,
  })
  .meta({
    id: 'run',
    description:
      'A run that was started, or that its credential ended. It is written before that is committed. Runs that end with another one, or by themselves, leave none.',
  });

const glassReportRecord = z
  .strictObject({
    kind: z.literal('break_glass_report'),
    ...common,
    store: z.string(),
    glass: GLASS,
    report: GLASS_REPORT,
    ...closing,
  })
  .meta({
    id: 'break_glass_report',
    description: 'What was decided under a break-glass, as far as it was in the log a minute after its end.',
  });

const outcomeRecord = z
  .strictObject({
    kind: z.literal('outcome'),
    ...common,
    store: z.string(),
    principal: uid,
    action: uid,
    resource: uid,
    outcome: z
      .strictObject({
        of: uuid.describe('The decision that allowed the call.'),
        result: z.enum(['success', 'failure']),
        cost: z.record(z.string(), int64).describe('What it really cost, by the names of limits.'),
        input_tokens: uint64.nullable(),
        output_tokens: uint64.nullable(),
        duration_ms: uint64.nullable(),
        output_digest: digest.nullable().describe('Of what it gave back.'),
      })
      .describe('In the words of the credential that got the decision; null: it does not say.'),
    ...closing,
  })
  .meta({
    id: 'outcome',
    description:
      'What an allowed call came to, as it was reported; principal, action, resource and run are those of the decision. It is written before the report is settled.',
  });

/** The index part of a decision record: what was asked and answered, why, by which bundle, and its place in the chain. */
export const decisionRecordSchema = z.discriminatedUnion('kind', [
  decisionRecord,
  errorRecord,
  changeRecord,
  administrationRecord,
  flipRecord,
  runRecord,
  glassReportRecord,
  outcomeRecord,
]);

export type DecisionRecord = z.infer<typeof decisionRecordSchema>;

type LedgerMember = 'record_version' | keyof typeof closing;

/** What the decision path hands over: a record without the members that the ledger adds. */
export type DecisionEntry = Omit<z.infer<typeof decisionRecord>, LedgerMember>;
export type ErrorEntry = Omit<z.infer<typeof errorRecord>, LedgerMember>;
/** A change of what Palisade enforces, written before it is committed. */
export type ChangeEntry = Omit<z.infer<typeof changeRecord>, LedgerMember>;
/** A call of administration and whether it was allowed, written before it is carried out. */
export type AdministrationEntry = Omit<z.infer<typeof administrationRecord>, LedgerMember>;
/** A decision on which a candidate bundle differs. */
export type FlipEntry = Omit<z.infer<typeof flipRecord>, LedgerMember>;
/** A run that is started or ended, written before that is committed. */
export type RunEntry = Omit<z.infer<typeof runRecord>, LedgerMember>;
/** What was done under a break-glass. */
export type GlassReportEntry = Omit<z.infer<typeof glassReportRecord>, LedgerMember>;
/** What an allowed call came to. */
export type OutcomeEntry = Omit<z.infer<typeof outcomeRecord>, LedgerMember>;
export type RecordEntry =
  | DecisionEntry
  | ErrorEntry
  | ChangeEntry
  | AdministrationEntry
  | FlipEntry
  | RunEntry
  | GlassReportEntry
  | OutcomeEntry;

/**
 * Reads a record's text, 64-bit integers exact.
 * @throws ZodError or SyntaxError if it is no record of a known version.
 */
export function readRecord(text: string): DecisionRecord {
  const record = parseExactJson(text);
  decisionRecordSchema.parse(record);

  // What was read, and not zod's copy of it: that lacks members named `__proto__`, which a context may have.
  return record as DecisionRecord;
}
