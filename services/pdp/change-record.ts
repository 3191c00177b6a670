import { randomBytes } from 'node:crypto';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChangeEntry } from '../ledger/record.ts';
import type { BeforeCommit, Changed } from '../store/change-deployment.ts';
import { RESERVED_NAME } from '../store/credentials.ts';
import type { DeploymentState } from '../store/next-deployment.ts';
import { recordBytes } from './record.ts';
import type { Caller, TraceContext } from './types.ts';
import { uuidv7 } from './uuid.ts';

/** Who acts; of a change that a limit makes, nobody. */
export interface Acting {
  readonly caller: Pick<Caller, 'credential_id' | 'subject'>;
  readonly transport: ChangeEntry['transport'];
  readonly trace: Pick<TraceContext, 'trace_id'> & { readonly parent_span_id?: string | undefined };
}

/** What stands in the record beside who acts. */
export type ToldChange = Pick<
  ChangeEntry,
  | 'store'
  | 'action'
  | 'author'
  | 'approved_by'
  | 'proposal_id'
  | 'reason'
  | 'sequence'
  | 'before'
  | 'state'
  | 'admin'
  | 'evaluator'
  | 'entities'
  | 'glass'
  | 'approval'
>;

/** Of a change by one person that deploys nothing. */
export const NOT_DEPLOYED = {
  approved_by: null,
  proposal_id: null,
  sequence: null,
  before: null,
  state: null,
} as const satisfies Partial<ToldChange>;

/** Palisade itself, where nobody asks. @param subject a name that no credential has. */
export function automatic(subject: string = RESERVED_NAME): Acting {
  return {
    caller: { credential_id: undefined, subject },
    transport: 'in_process',
    trace: { trace_id: randomBytes(16).toString('hex') },
  };
}

/** The id of a change's record, made before the change so that its row can name it. */
export function newRecordId(now: number): string {
  return uuidv7(now);
}

/**
 * Records a change before it is committed, as durably as decisions are: what cannot be recorded is not changed. Where the commit fails
 * after that, the record stays, and no row names its id.
 * @throws PdpError `unavailable` where it is not recorded.
 */
export async function recordChange(
  ledger: Pick<Ledger, 'append' | 'reserve'>,
  acting: Acting,
  recordId: string,
  told: ToldChange,
): Promise<void> {
  const entry = changeEntry(acting, recordId, told);
  await ledger.append(entry, null, ledger.reserve(recordBytes(entry, '')));
}

/** The record of a change, without its place in a chain. */
export function changeEntry(
  { caller, transport, trace }: Acting,
  recordId: string,
  told: ToldChange,
): ChangeEntry {
  return {
    kind: 'change',
    decision_id: recordId,
    time: new Date().toISOString(),
    transport,
    credential: { id: caller.credential_id ?? null, subject: caller.subject },
    request_id: '',
    run: null,
    mode: 'enforce',
    trace: { trace_id: trace.trace_id, parent_span_id: trace.parent_span_id ?? null },
    ...told,
  };
}

/** The same for a change of what a store runs. */
export function recordingDeployment(
  ledger: Pick<Ledger, 'append' | 'reserve'>,
  acting: Acting,
  recordId: string,
  proposalId: string | null = null,
): BeforeCommit {
  return ({ before, after }: Changed) =>
    recordChange(ledger, acting, recordId, {
      store: after.store,
      action: after.action,
      author: after.author,
      approved_by: after.approvedBy,
      proposal_id: proposalId,
      reason: after.reason,
      sequence: after.sequence,
      before: before?.sequence ?? null,
      state: stateOf(after),
    });
}

function stateOf({ digest, canary, shadow, monitor }: DeploymentState): ChangeEntry['state'] {
  return {
    digest,
    canary:
      canary === null
        ? null
        : {
            digest: canary.digest,
            percent: BigInt(canary.percent),
            by: canary.by,
            since: canary.since,
            limits: {
              max_error_rate: canary.limits.max_error_rate ?? null,
              max_latency_ratio: canary.limits.max_latency_ratio ?? null,
              max_p99_ms: canary.limits.max_p99_ms ?? null,
              max_flip_rate: canary.limits.max_flip_rate ?? null,
              min_sample: canary.limits.min_sample,
            },
            frozen: canary.frozen,
          },
    shadow: shadow === null ? null : { digest: shadow.digest, since: shadow.since },
    monitor: monitor === null ? null : { policies: monitor.policies === null ? null : [...monitor.policies] },
  };
}
