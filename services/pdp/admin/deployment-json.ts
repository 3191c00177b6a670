import type { Deployment } from '../../store/deployments.ts';
import type { Canary } from '../../store/next-deployment.ts';
import type { Proposal } from '../../store/proposals.ts';
import { type Figures, quantile } from '../trial/figures.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';

type JsonObject = { readonly [name: string]: JsonValue | undefined };

/** A deployment as administration tells it; a member that is absent is not there or not set. */
export function deploymentJson(deployment: Deployment): JsonObject {
  const { canary, shadow, monitor } = deployment;

  return {
    store: deployment.store,
    sequence: deployment.sequence,
    state_sequence: deployment.stateSequence,
    action: deployment.action,
    bundle: { name: deployment.name, version: deployment.version, digest: deployment.digest },
    canary: canary === null ? undefined : canaryJson(canary),
    shadow: shadow === null ? undefined : { digest: shadow.digest, since: shadow.since },
    monitor: monitor === null ? undefined : { policies: monitor.policies },
    author: deployment.author,
    approved_by: deployment.approvedBy ?? undefined,
    reason: deployment.reason,
    created_at: deployment.createdAt.toISOString(),
    record_id: deployment.recordId ?? undefined,
  };
}

export function proposalJson(proposal: Proposal): JsonObject {
  return {
    id: proposal.id,
    kind: proposal.kind,
    store: proposal.store,
    payload: proposal.payload as JsonValue,
    proposed_by: proposal.proposedBy,
    reason: proposal.reason,
    created_at: proposal.createdAt.toISOString(),
    expires_at: proposal.expiresAt.toISOString(),
    decided_by: proposal.decidedBy ?? undefined,
    decided_at: proposal.decidedAt?.toISOString(),
    outcome: proposal.outcome ?? undefined,
  };
}

/** Counts as they are; shares and milliseconds as decimal texts, since JSON of ours has no fractions. */
export function figuresJson(figures: Figures): JsonObject {
  const { served, failed, compared, flips, errors, dropped, active, candidate } = figures;

  return {
    served,
    failed,
    compared,
    flips,
    errors,
    dropped,
    flip_rate: rate(flips, compared),
    error_rate: rate(errors, compared),
    served_error_rate: rate(failed, served),
    p99_ms: milliseconds(quantile(candidate, 0.99)),
    active_p99_ms: milliseconds(quantile(active, 0.99)),
  };
}

function canaryJson({ digest, percent, by, since, limits, frozen }: Canary): JsonObject {
  const { max_error_rate, max_latency_ratio, max_p99_ms, max_flip_rate, min_sample } = limits;

  return {
    digest,
    percent,
    by,
    since,
    limits: { max_error_rate, max_latency_ratio, max_p99_ms, max_flip_rate, min_sample },
    frozen: frozen ?? undefined,
  };
}

function rate(part: number, all: number): string | undefined {
  return all === 0 ? undefined : (part / all).toFixed(4);
}

function milliseconds(value: number | undefined): string | undefined {
  return value?.toFixed(3);
}
