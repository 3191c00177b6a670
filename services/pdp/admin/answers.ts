import * as z from 'zod';
import type {} from 'zod-openapi';
import { LINTS } from '../../bundles/lint/names.ts';
import { PROBLEM_CODES } from '../../bundles/problem.ts';
import { ROLES } from '../../store/credentials.ts';
import { Problem } from '../wire/rest/schema.ts';
import { count, digest, time } from './answer-parts.ts';
import { OpenedBreakGlass } from './glass-answers.ts';

// What administration answers, for the OpenAPI document; bodies that it reads stand beside their routes.

/** The hashed text itself, so its own schema describes it. */
export const DecisionRecord = z
  .looseObject({})
  .meta({ id: 'DecisionRecord', description: 'As schemas/decision-record.schema.json describes it.' });

export const Health = z
  .strictObject({
    status: z.enum(['live', 'ready', 'not_ready']),
    reasons: z.array(z.string()).optional().meta({ description: 'Why it is not ready.' }),
    warnings: z.array(z.string()).optional().meta({
      description:
        'What is to be known of it all the same, such as that it decides by a snapshot that is stale.',
    }),
  })
  .meta({ id: 'Health' });

export const StoredBundle = z
  .strictObject({
    digest,
    name: z.string(),
    version: z.string(),
    description: z.string(),
    size: count.meta({ description: 'Of the archive, in bytes.' }),
    cedar_version: z.string().meta({ description: 'The Cedar that checked it.' }),
    created_at: time,
    created_by: z.string().meta({ description: 'Name of the credential that pushed it.' }),
  })
  .meta({ id: 'StoredBundle' });

export const PushedBundle = StoredBundle.extend({
  created: z.boolean().meta({ description: 'False: the same content was there already.' }),
}).meta({ id: 'PushedBundle' });

export const BundlePage = z
  .strictObject({
    bundles: z.array(StoredBundle),
    next: z.string().optional().meta({ description: '`before` of the next page; absent on the last.' }),
  })
  .meta({ id: 'BundlePage', description: 'Newest first.' });

const Position = z.strictObject({ line: z.int().positive(), column: z.int().positive() });

export const BundleProblem = Problem.extend({
  problems: z.array(
    z.looseObject({
      severity: z.enum(['error', 'warning']),
      code: z.enum(PROBLEM_CODES),
      file: z.string(),
      start: Position.optional(),
      message: z.string(),
      help: z.string().optional(),
      policy_id: z.string().optional(),
      lint: z.enum(LINTS).optional(),
    }),
  ),
  report: z.string().meta({ description: 'The same for people, as `palisade bundle check` prints it.' }),
})
  .partial({ problems: true, report: true })
  .meta({ id: 'BundleProblem', description: 'RFC 9457; a bundle with problems brings all of them.' });

export const MisfitProblem = Problem.extend({
  misfits: z
    .strictObject({
      count: z.int().positive(),
      entities: z.array(z.strictObject({ entity: z.string(), why: z.string() })).meta({
        description: 'The first of them, each by its type and id and with what is wrong with it.',
      }),
    })
    .meta({ description: 'Entities of the store that do not fit the bundle.' }),
  report: z.string().meta({ description: 'The same for people.' }),
})
  .partial({ misfits: true, report: true })
  .meta({ id: 'MisfitProblem', description: 'RFC 9457; where entities do not fit, they are named.' });

export const Store = z
  .strictObject({
    name: z.string(),
    sequence: count.meta({ description: 'Of its newest deployment; 0 before the first.' }),
    two_person: z.boolean().meta({ description: 'Whether it takes two persons to change what it enforces.' }),
    created_at: time,
  })
  .meta({ id: 'Store' });

export const CreatedStore = Store.omit({ created_at: true, two_person: true }).meta({ id: 'CreatedStore' });
export const StoreList = z.strictObject({ stores: z.array(Store) }).meta({ id: 'StoreList' });

const decimal = z.string().meta({ description: 'A decimal number.' });

const Canary = z
  .strictObject({
    digest,
    percent: z.int().meta({ description: 'Of the runs, or of the principals.' }),
    by: z.enum(['run', 'principal']),
    since: count.meta({ description: 'The sequence at which it began.' }),
    limits: z.strictObject({
      max_error_rate: decimal.optional(),
      max_latency_ratio: decimal.optional(),
      max_p99_ms: decimal.optional(),
      max_flip_rate: decimal.optional(),
      min_sample: count,
    }),
    frozen: z.string().optional().meta({ description: 'Why it may neither be promoted nor raised.' }),
  })
  .meta({ id: 'Canary' });

export const Deployment = z
  .strictObject({
    store: z.string(),
    sequence: count,
    state_sequence: count.meta({
      description:
        'Of the state that it made; `at_least_sequence` of a decision waits for it. Never less than `sequence`.',
    }),
    action: z.enum([
      'activate',
      'canary',
      'end_canary',
      'freeze',
      'shadow',
      'monitor',
      'promote',
      'rollback',
    ]),
    bundle: z.strictObject({ name: z.string(), version: z.string(), digest }),
    canary: Canary.optional(),
    shadow: z.strictObject({ digest, since: count }).optional(),
    monitor: z
      .strictObject({ policies: z.array(z.string()).nullable() })
      .optional()
      .meta({ description: 'Policies whose effect is told and not enforced; null: all. Absent: none.' }),
    author: z.string().meta({ description: 'Name of the credential; `palisade` where a limit did it.' }),
    approved_by: z.string().optional().meta({ description: 'The second person, where one was asked.' }),
    reason: z.string(),
    created_at: time,
    record_id: z.string().optional().meta({ description: 'Of its record in the decision log.' }),
  })
  .meta({ id: 'Deployment', description: 'All that a store runs from this sequence on.' });

export const Proposal = z
  .strictObject({
    id: z.string(),
    kind: z.string(),
    store: z.string(),
    payload: z.looseObject({}),
    proposed_by: z.string(),
    reason: z.string(),
    created_at: time,
    expires_at: time,
    decided_by: z.string().optional(),
    decided_at: time.optional(),
    outcome: z.enum(['approved', 'rejected']).optional(),
  })
  .meta({ id: 'Proposal' });

export const ProposalAnswer = z.strictObject({ proposal: Proposal }).meta({ id: 'ProposalAnswer' });
export const ProposalList = z.strictObject({ proposals: z.array(Proposal) }).meta({ id: 'ProposalList' });

export const Approved = z
  .strictObject({
    deployment: Deployment.optional(),
    store: z.string().optional(),
    two_person: z.boolean().optional(),
    signature_requirement: count.optional().meta({ description: 'Its sequence.' }),
    break_glass: OpenedBreakGlass.optional(),
  })
  .meta({ id: 'Approved', description: 'What came of it.' });

export const TwoPerson = z
  .strictObject({ store: z.string(), two_person: z.boolean() })
  .meta({ id: 'TwoPerson' });

export const DeploymentHistory = z
  .strictObject({
    deployments: z.array(Deployment),
    next: z.string().optional().meta({ description: '`before` of the next page; absent on the last.' }),
  })
  .meta({ id: 'DeploymentHistory', description: 'Newest first.' });

const Figures = z
  .strictObject({
    served: count.meta({ description: 'Requests that a canary was to decide.' }),
    failed: count.meta({
      description: 'Of them, those in which it failed and the active bundle would not have.',
    }),
    compared: count.meta({ description: 'Decisions that both bundles judged.' }),
    flips: count.meta({ description: 'Of them, those on which they differ.' }),
    errors: count.meta({ description: 'Of them, those in which only the candidate failed.' }),
    dropped: count.meta({ description: 'Decisions that were to be compared and were not.' }),
    flip_rate: decimal.optional(),
    error_rate: decimal.optional(),
    served_error_rate: decimal.optional(),
    p99_ms: decimal.optional().meta({ description: 'How long 99 of 100 comparisons took the candidate.' }),
    active_p99_ms: decimal.optional().meta({ description: 'The same for the active bundle.' }),
  })
  .meta({ id: 'CandidateFigures', description: 'Of all processes, a second old at most.' });

export const DeploymentList = z
  .strictObject({ deployments: z.array(Deployment) })
  .meta({ id: 'DeploymentList' });

export const Replica = z
  .strictObject({
    process_id: z.string(),
    boot_id: z.string().meta({ description: 'Of this start of the process.' }),
    started_at: time,
    sequence: count.meta({ description: 'The deployment that it decides by; 0: none.' }),
    state_sequence: count.optional().meta({
      description:
        'Of the state that it decides by, which counts writes of entities and break-glasses too; earlier versions do not say.',
    }),
    digest: digest.optional(),
    canary: digest.optional(),
    state: z.enum(['served', 'loading', 'behind', 'failed', 'unsigned', 'ahead', 'none', 'silent']).meta({
      description:
        '`served`: it serves the deployment. `failed` and `unsigned`: it cannot, and goes on with the one before; `problem` says why. `ahead`: the database has gone back. `silent`: it has not been heard for ten seconds.',
    }),
    problem: z.string().optional(),
    age_ms: count.meta({ description: 'Since PostgreSQL confirmed what it decides by, as far as is known.' }),
    silent_ms: count.meta({ description: 'Since it was last heard, by the clock of the database.' }),
  })
  .meta({ id: 'Replica' });

export const DeploymentStatus = z
  .strictObject({
    store: z.string(),
    two_person: z.boolean(),
    active: Deployment.optional().meta({ description: 'Absent: nothing was ever deployed.' }),
    figures: z
      .strictObject({ canary: Figures.optional(), shadow: Figures.optional() })
      .optional()
      .meta({ description: 'Of the candidates that run.' }),
    serving: z
      .strictObject({
        sequence: count,
        state_sequence: count.meta({
          description: 'Of the state, which counts writes of entities and break-glasses too.',
        }),
        digest: digest.optional(),
        evaluator: z.string().optional().meta({ description: 'What judges: `compiled` or `cedar-wasm`.' }),
      })
      .meta({ description: 'What the answering process serves; it follows `active` within a second.' }),
    replicas: z.array(Replica).meta({ description: 'Processes that were heard in the last 15 minutes.' }),
    skew: z.boolean().meta({ description: 'Whether one of them does not serve `active`.' }),
    evaluator_overridden_at: time.optional().meta({
      description:
        'Since when the active bundle is to be judged by Cedar everywhere, because the compiled evaluator judged a decision otherwise.',
    }),
    history: z.array(Deployment).meta({ description: 'The last 20, newest first.' }),
  })
  .meta({ id: 'DeploymentStatus' });

const Certificate = z
  .strictObject({
    san: z
      .string()
      .meta({ description: '`URI:…` or `DNS:…`, as it stands among its subject alternative names.' }),
    public_key: z
      .string()
      .optional()
      .meta({ description: '`sha256:` and 64 hex digits of its SubjectPublicKeyInfo; absent: any key.' }),
  })
  .meta({ description: 'Which client certificate proves it; absent: its token does.' });

const Credential = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    roles: z.array(z.enum(ROLES)),
    stores: z.array(z.string()),
    principals: z
      .array(z.strictObject({ type: z.string(), ids: z.array(z.string()).optional() }))
      .optional()
      .meta({ description: 'What it may speak for; absent: any principal.' }),
    full_detail: z.boolean(),
    certificate: Certificate.optional(),
    rate_limit: z
      .strictObject({ rate_per_second: count, burst: count })
      .optional()
      .meta({ description: 'How often it may ask; absent: the default of the server.' }),
    created_at: time,
    created_by: z.string(),
    expires_at: time.optional(),
    revoked_at: time.optional(),
  })
  .meta({ id: 'Credential' });

export const CredentialList = z
  .strictObject({ credentials: z.array(Credential) })
  .meta({ id: 'CredentialList', description: 'Revoked and expired ones too, newest first.' });

export const CreatedCredential = z
  .strictObject({
    id: z.string(),
    name: z.string(),
    roles: z.array(z.enum(ROLES)),
    token: z
      .string()
      .optional()
      .meta({ description: 'Told only here; only its hash is kept. Absent where a certificate proves it.' }),
    certificate: Certificate.optional(),
  })
  .meta({ id: 'CreatedCredential' });

export const RevokedCredential = z
  .strictObject({ id: z.string(), revoked: z.boolean() })
  .meta({ id: 'RevokedCredential' });

export const DecisionPage = z
  .strictObject({
    records: z.array(DecisionRecord),
    next: z.string().nullable().meta({ description: '`cursor` of the next page; null on the last.' }),
  })
  .meta({ id: 'DecisionPage', description: 'Newest first.' });

export const DecisionTail = z
  .strictObject({
    records: z.array(DecisionRecord),
    cursor: z.string().meta({ description: '`after` of the next call.' }),
  })
  .meta({ id: 'DecisionTail', description: 'In the order in which they reached the log.' });

export const Verification = z
  .strictObject({
    records: count,
    chains: count,
    problems: count.meta({ description: 'How many findings there are in all.' }),
    refused: count.meta({ description: 'Spool lines that were kept as bytes; each also shows as a gap.' }),
    waiting: count.meta({ description: 'Records of the answering process that are still in its spool.' }),
    findings: z
      .array(
        z.strictObject({
          problem: z.enum(['gap', 'missing_head', 'edit', 'fork', 'columns']),
          process_id: z.string(),
          boot_id: z.string(),
          seq: count,
          decision_id: z.string().optional(),
          detail: z.string(),
        }),
      )
      .meta({ description: 'The first 1,000.' }),
  })
  .meta({ id: 'Verification' });

export const EvaluatorOverrides = z
  .strictObject({
    overrides: z.array(
      z.strictObject({
        digest,
        name: z.string(),
        version: z.string(),
        reason: z.string().meta({ description: 'What each of the two evaluators had said.' }),
        decision_id: z.string().meta({ description: 'The decision on which they differed.' }),
        process_id: z.string().meta({ description: 'Who had made it.' }),
        created_at: time,
        lifted: z.strictObject({ at: time, by: z.string(), reason: z.string() }).optional().meta({
          description: 'Absent: Cedar judges the bundle now.',
        }),
      }),
    ),
  })
  .meta({ id: 'EvaluatorOverrides', description: 'Those in force first, then the newest.' });

export const LiftedOverride = z
  .strictObject({
    digest,
    lifted: z.literal(true),
    record_id: z.string().meta({ description: 'Of the record that tells of it.' }),
  })
  .meta({ id: 'LiftedOverride' });
