import { EVENT_METRICS } from './event-metrics.ts';
import { LOG_METRICS } from './log-metrics.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { STATE_METRICS } from './state-metrics.ts';

/** Every metric, for Prometheus at `/metrics` (dots become underscores, the unit a suffix) and over OTLP. */
export const METRICS = {
  'palisade.decisions': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store', 'palisade.decision', 'palisade.reason_code'],
    brief: 'Decisions that were recorded and replied.',
  },
  'palisade.errors': {
    kind: 'counter',
    unit: '{error}',
    labels: ['error.type', 'palisade.transport'],
    brief: 'Requests that could not be decided, refused ones included.',
  },
  'rpc.server.call.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['rpc.system.name', 'rpc.method', 'rpc.status_code'],
    standard: true,
    brief: 'gRPC calls, and messages of streams, from arrival to answer.',
  },
  'http.server.request.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['http.request.method', 'http.route', 'http.response.status_code'],
    standard: true,
    brief: 'HTTP requests from arrival to answer.',
  },
  'palisade.evaluation.duration': {
    kind: 'histogram',
    unit: 's',
    labels: [],
    brief: 'From reading context and entities to the verdict.',
  },
  'palisade.record.duration': {
    kind: 'histogram',
    unit: 's',
    labels: [],
    brief: 'From the verdict until its record is as durable as configured.',
  },
  'palisade.requests.in_flight': {
    kind: 'gauge',
    unit: '{request}',
    labels: [],
    together: 'sum',
    brief: 'Requests being decided.',
  },
  'palisade.requests.shed': {
    kind: 'counter',
    unit: '{request}',
    labels: [],
    brief: 'Requests refused because too many were in flight.',
  },
  'palisade.requests.rate_limited': {
    kind: 'counter',
    unit: '{request}',
    labels: [],
    brief: 'Requests refused because their caller asked more often than its rate limit admits.',
  },
  'palisade.ready': {
    kind: 'gauge',
    unit: '{state}',
    labels: [],
    together: 'min',
    brief: '1 where `/readyz` answers 200, else 0.',
  },
  'palisade.state.age': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    together: 'max',
    brief: 'Since PostgreSQL last confirmed deployments and credentials.',
  },
  'palisade.state.restored': {
    kind: 'gauge',
    unit: '{state}',
    labels: [],
    together: 'max',
    brief:
      '1 while this process decides by its snapshot on the disk, which PostgreSQL has not confirmed since the start.',
  },
  'palisade.snapshot.age': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    together: 'max',
    brief:
      'Since what is kept on the disk was last confirmed there: how stale a start without PostgreSQL would be.',
  },
  'palisade.snapshot.failures': {
    kind: 'counter',
    unit: '{failure}',
    labels: [],
    brief: 'Times that what PostgreSQL says could not be kept on the disk; what was kept before stays.',
  },
  'palisade.bundle.info': {
    kind: 'gauge',
    unit: '{bundle}',
    labels: ['palisade.store', 'palisade.bundle.name', 'palisade.bundle.version', 'palisade.bundle.digest'],
    together: 'max',
    brief: '1 for the bundle that each store is served by.',
  },
  'palisade.deployment.sequence': {
    kind: 'gauge',
    unit: '{deployment}',
    labels: ['palisade.store'],
    together: 'min',
    brief: 'Deployment that is served; replicas that differ for long are out of step.',
  },
  'palisade.state.sequence': {
    kind: 'gauge',
    unit: '{change}',
    labels: ['palisade.store'],
    together: 'min',
    brief:
      'State that is served, which counts deployments, writes of entities and break-glasses; replicas that differ for long are out of step.',
  },
  'palisade.entities.held': {
    kind: 'gauge',
    unit: '{entity}',
    labels: ['palisade.store'],
    together: 'max',
    brief: 'Entities that the store holds, in the state that is served.',
  },
  'palisade.deployment.pending': {
    kind: 'gauge',
    unit: '{deployment}',
    labels: ['palisade.store'],
    together: 'max',
    brief: '1 while a deployment is known and not served yet.',
  },
  'palisade.deployment.failed': {
    kind: 'gauge',
    unit: '{deployment}',
    labels: ['palisade.store'],
    together: 'max',
    brief: '1 while a deployed bundle does not load here; the last good one goes on.',
  },
  'palisade.deployment.monitored': {
    kind: 'gauge',
    unit: '{state}',
    labels: ['palisade.store'],
    together: 'max',
    brief: '1 while policies of the store are only monitored: what they forbid is told, and not enforced.',
  },
  'palisade.decisions.monitored': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store', 'palisade.decision'],
    brief: 'Decisions that are other than the policies say, because these are only monitored.',
  },
  ...STATE_METRICS,
  ...EVENT_METRICS,
  'palisade.canary.percent': {
    kind: 'gauge',
    unit: '%',
    labels: ['palisade.store'],
    together: 'max',
    brief: 'Share of the runs that the canary decides for; 0 where there is none.',
  },
  'palisade.canary.frozen': {
    kind: 'gauge',
    unit: '{state}',
    labels: ['palisade.store'],
    together: 'max',
    brief: '1 while the canary is frozen: it differs more often than its limit lets it.',
  },
  'palisade.canary.interventions': {
    kind: 'counter',
    unit: '{intervention}',
    labels: ['palisade.store', 'palisade.action_taken'],
    brief: 'Canaries that this process ended or froze by their limits.',
  },
  'palisade.candidate.compared': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store', 'palisade.role'],
    brief: 'Decisions that a candidate judged beside the active bundle.',
  },
  'palisade.candidate.dropped': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store', 'palisade.role'],
    brief: 'Decisions that were to be compared and were not: too many waited, or judging failed.',
  },
  'palisade.candidate.flips': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store', 'palisade.role'],
    brief: 'Compared decisions on which the candidate and the active bundle differ.',
  },
  'palisade.candidate.errors': {
    kind: 'counter',
    unit: '{error}',
    labels: ['palisade.store', 'palisade.role'],
    brief: 'Compared decisions in which only the candidate failed.',
  },
  'palisade.canary.errors': {
    kind: 'counter',
    unit: '{error}',
    labels: ['palisade.store'],
    brief: 'Requests in which a canary that was to decide failed and the active bundle would not have.',
  },
  'palisade.candidate.evaluation.p99': {
    kind: 'gauge',
    unit: 's',
    labels: ['palisade.store', 'palisade.role'],
    together: 'max',
    brief: 'How long 99 of 100 comparisons took the candidate at most.',
  },
  'palisade.candidate.evaluation.active.p99': {
    kind: 'gauge',
    unit: 's',
    labels: ['palisade.store', 'palisade.role'],
    together: 'max',
    brief: 'The same for the active bundle, on the same requests.',
  },
  'palisade.signatures.remaining': {
    kind: 'gauge',
    unit: 's',
    labels: ['palisade.store'],
    together: 'min',
    brief:
      'Time for which the bundle that a store is served by is signed as the store requires; below 0, for how long it is not any more. Absent where nothing is required.',
  },
  'palisade.tls.certificate.remaining': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    together: 'min',
    brief:
      'Time until the certificate that this server presents ends; below 0, since when it is over. Absent where there is none.',
  },
  'palisade.evaluator.restarts': {
    kind: 'counter',
    unit: '{restart}',
    labels: ['palisade.store'],
    brief: 'Evaluators that trapped and were replaced, since the bundle is served.',
  },
  'palisade.evaluator.verified': {
    kind: 'counter',
    unit: '{decision}',
    labels: [],
    brief: 'Sampled decisions that Cedar judged again, those that differed included.',
  },
  'palisade.evaluator.unverified': {
    kind: 'counter',
    unit: '{decision}',
    labels: [],
    brief: 'Sampled decisions that it could not judge, or that found no room to wait.',
  },
  'palisade.evaluator.differences': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['palisade.store'],
    brief: 'Decisions that Cedar judges otherwise than they were made.',
  },
  'palisade.policies.quarantined': {
    kind: 'gauge',
    unit: '{policy}',
    labels: ['palisade.store'],
    together: 'max',
    brief: 'Policies that trap the evaluator; requests that need one are not decided.',
  },
  'palisade.policy.errors': {
    kind: 'counter',
    unit: '{error}',
    labels: ['palisade.store', 'palisade.policy_id'],
    brief: 'Evaluations that a policy failed in.',
  },
  ...LOG_METRICS,
  'nodejs.eventloop.delay.p50': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    standard: true,
    together: 'max',
    brief: 'Delay of the event loop over the last 10 seconds, median.',
  },
  'nodejs.eventloop.delay.p99': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    standard: true,
    together: 'max',
    brief: 'The same, 99th percentile.',
  },
  'nodejs.eventloop.delay.max': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    standard: true,
    together: 'max',
    brief: 'The same, longest.',
  },
  'process.cpu.time': {
    kind: 'counter',
    unit: 's',
    labels: ['process.cpu.state'],
    standard: true,
    brief: 'CPU time of this process, all threads.',
  },
  'process.memory.usage': {
    kind: 'gauge',
    unit: 'By',
    labels: [],
    standard: true,
    together: 'sum',
    brief: 'Resident memory of this process.',
  },
  'process.uptime': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    standard: true,
    together: 'min',
    brief: 'Since this process began.',
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

type Texts<Labels extends readonly string[]> = { readonly [Index in keyof Labels]: string };

/** Values of a metric's labels, in the order of its definition. */
export type LabelsOf<Name extends MetricName> = Texts<(typeof METRICS)[Name]['labels']> & readonly string[];
