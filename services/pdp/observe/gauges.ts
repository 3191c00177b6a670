import type { Ledger } from '../../ledger/ledger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { FollowingApprovals } from '../approvals/follow.ts';
import { isOpen } from '../break-glass/held.ts';
import type { CountingLimits } from '../count-limits.ts';
import type { KeeperStats } from '../disk/keeper.ts';
import type { Keeping } from '../disk/start.ts';
import type { Outcomes } from '../outcomes/take-outcomes.ts';
import type { Replica } from '../replica.ts';
import type { SignatureWatch } from '../signature-watch.ts';
import type { StoreState } from '../snapshot.ts';
import type { ServerTls } from '../tls/follow-files.ts';
import { type Figures, quantile } from '../trial/figures.ts';
import type { Trials } from '../trial/trials.ts';
import type { Verifier } from '../verify/verifier.ts';
import type { Delivering } from '../webhooks/deliver.ts';

/** Who keeps the values that {@link observeServer} shows. */
export interface Observed {
  readonly replica: Replica;
  readonly signatures: Pick<SignatureWatch, 'until'>;
  readonly ledger: Ledger;
  readonly verifier: Pick<Verifier, 'stats'>;
  readonly trials: Pick<Trials, 'tallies'>;
  readonly keeping: Pick<Keeping, 'stats'>;
  readonly counting: Pick<CountingLimits, 'stats'>;
  readonly approvals: Pick<FollowingApprovals, 'stats'>;
  /** Absent: this process tells nobody of events. */
  readonly delivering: Pick<Delivering, 'waiting'> | undefined;
  readonly outcomes: Pick<Outcomes, 'reconciled'>;
  /** Requests that are being decided. */
  readonly inFlight: () => number;
  /** Why this process is not ready; empty: it is. */
  readonly unready: () => readonly string[];
  /** Of the spool, in bytes. */
  readonly capacity: number;
  /** Absent: no port speaks TLS. */
  readonly tls: Pick<ServerTls, 'material'> | undefined;
}

/** Registers what others count anyway, read whenever metrics are collected. */
export function observeServer(metrics: Metrics, observed: Observed): void {
  metrics.observe('palisade.requests.in_flight', () => one(observed.inFlight()));
  metrics.observe('palisade.ready', () => one(observed.unready().length === 0 ? 1 : 0));
  metrics.observe('palisade.tls.certificate.remaining', () =>
    observed.tls === undefined ? [] : one((observed.tls.material().validTo - Date.now()) / 1_000),
  );
  observeReplica(metrics, observed.replica);
  observeKeeping(metrics, observed);
  observeSignatures(metrics, observed);
  observeVerifier(metrics, observed);
  observeTrials(metrics, observed);
  observeLimits(metrics, observed);
  observeApprovals(metrics, observed);
  observeWebhooks(metrics, observed);
  observeLedger(metrics, observed);
}

function observeReplica(metrics: Metrics, replica: Replica): void {
  const stores = (): StoreState[] => [...replica.snapshot().stores.values()];
  const served = () =>
    stores().flatMap(({ name, bundle }) => (bundle === undefined ? [] : [{ name, bundle }]));
  const lagging = (failed: boolean) => {
    const names = new Set(replica.lags().flatMap((lag) => (lag.failed === failed ? [lag.store] : [])));

    return stores().map(({ name }) => ({ value: names.has(name) ? 1 : 0, labels: [name] as const }));
  };

  metrics.observe('palisade.state.age', () => one(replica.ageMs() / 1_000));
  metrics.observe('palisade.bundle.info', () =>
    served().map(({ name, bundle: { ref } }) => ({
      value: 1,
      labels: [name, ref.name, ref.version, ref.digest] as const,
    })),
  );
  metrics.observe('palisade.deployment.sequence', () =>
    stores().map(({ name, sequence }) => ({ value: Number(sequence), labels: [name] as const })),
  );
  metrics.observe('palisade.state.sequence', () =>
    stores().map(({ name, entities }) => ({
      value: Number(entities.held.sequence),
      labels: [name] as const,
    })),
  );
  metrics.observe('palisade.entities.held', () =>
    stores().map(({ name, entities }) => ({ value: entities.held.documents.size, labels: [name] as const })),
  );
  metrics.observe('palisade.break_glass.open', () =>
    stores().map(({ name }) => ({
      value: (replica.snapshot().glasses.get(name) ?? []).filter((glass) => isOpen(glass, Date.now())).length,
      labels: [name] as const,
    })),
  );
  metrics.observe('palisade.deployment.pending', () => lagging(false));
  metrics.observe('palisade.deployment.failed', () => lagging(true));
  metrics.observe('palisade.evaluator.restarts', () =>
    served().map(({ name, bundle }) => ({ value: bundle.evaluator.restarts, labels: [name] as const })),
  );
  metrics.observe('palisade.policies.quarantined', () =>
    served().map(({ name, bundle }) => ({
      value: bundle.evaluator.quarantined.length,
      labels: [name] as const,
    })),
  );
}

/** A process that keeps no snapshot tells nothing of one. */
function observeKeeping(metrics: Metrics, { keeping, replica }: Observed): void {
  const ofStats = (value: (stats: KeeperStats) => number | undefined) => () => {
    const stats = keeping.stats();
    const counted = stats === undefined ? undefined : value(stats);

    return counted === undefined ? [] : one(counted);
  };

  metrics.observe('palisade.state.restored', () => one(replica.restored() ? 1 : 0));
  metrics.observe(
    'palisade.snapshot.age',
    ofStats(({ confirmedMs }) => (confirmedMs === undefined ? undefined : confirmedMs / 1_000)),
  );
  metrics.observe(
    'palisade.snapshot.failures',
    ofStats(({ failures }) => failures),
  );
}

/** What stands beside the active bundle is told of every store; what was counted of a candidate, for as long as it runs. */
function observeTrials(metrics: Metrics, { replica, trials }: Observed): void {
  const ofStores = (value: (state: StoreState) => number) => () =>
    [...replica.snapshot().stores.values()].map((state) => ({
      value: value(state),
      labels: [state.name] as const,
    }));
  const ofTrials = (value: (figures: Figures) => number | undefined) => () =>
    trials.tallies().flatMap(({ trial, figures }) => {
      const counted = value(figures());

      return counted === undefined ? [] : [{ value: counted, labels: [trial.store, trial.role] as const }];
    });
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000);

  metrics.observe(
    'palisade.deployment.monitored',
    ofStores(({ staged }) => (staged?.monitoring === undefined ? 0 : 1)),
  );
  metrics.observe(
    'palisade.canary.percent',
    ofStores(({ staged }) => staged?.canary?.percent ?? 0),
  );
  metrics.observe(
    'palisade.canary.frozen',
    ofStores(({ staged }) => (typeof staged?.canary?.frozen === 'string' ? 1 : 0)),
  );
  metrics.observe('palisade.canary.errors', () =>
    trials
      .tallies()
      .filter(({ trial }) => trial.role === 'canary')
      .map(({ trial, figures }) => ({ value: figures().failed, labels: [trial.store] as const })),
  );
  metrics.observe(
    'palisade.candidate.compared',
    ofTrials(({ compared }) => compared),
  );
  metrics.observe(
    'palisade.candidate.dropped',
    ofTrials(({ dropped }) => dropped),
  );
  metrics.observe(
    'palisade.candidate.flips',
    ofTrials(({ flips }) => flips),
  );
  metrics.observe(
    'palisade.candidate.errors',
    ofTrials(({ errors }) => errors),
  );
  metrics.observe(
    'palisade.candidate.evaluation.p99',
    ofTrials(({ candidate }) => seconds(quantile(candidate, 0.99))),
  );
  metrics.observe(
    'palisade.candidate.evaluation.active.p99',
    ofTrials(({ active }) => seconds(quantile(active, 0.99))),
  );
}

function observeApprovals(metrics: Metrics, { approvals }: Observed): void {
  metrics.observe('palisade.approvals.waiting', () => one(approvals.stats().waiting));
  metrics.observe('palisade.approvals.expired', () => one(approvals.stats().expired));
  metrics.observe('palisade.approvals.unknown', () => one(approvals.stats().unknown));
  metrics.observe('palisade.approvals.reconciled', () => one(approvals.stats().reconciled));
}

function observeLimits(metrics: Metrics, { counting, outcomes }: Observed): void {
  metrics.observe('palisade.limits.pending', () => one(counting.stats().last.pending));
  metrics.observe('palisade.limits.unknown', () => one(counting.stats().last.unknown));
  metrics.observe('palisade.limits.reconciled', () => one(counting.stats().reconciled));
  metrics.observe('palisade.limits.forgotten', () => one(counting.stats().forgotten));
  metrics.observe('palisade.runs.open', () => one(counting.stats().runs.open));
  metrics.observe('palisade.runs.forgotten', () => one(counting.stats().runs.forgotten));
  metrics.observe('palisade.outcomes.reconciled', () => one(outcomes.reconciled()));
}

function observeWebhooks(metrics: Metrics, { delivering }: Observed): void {
  const waiting = () => delivering?.waiting() ?? [];

  metrics.observe('palisade.webhooks.waiting', () =>
    waiting().map(({ endpoint, events }) => ({ value: events, labels: [endpoint] as const })),
  );
  metrics.observe('palisade.webhooks.oldest_age', () =>
    waiting().map(({ endpoint, oldestMs }) => ({ value: oldestMs / 1_000, labels: [endpoint] as const })),
  );
}

function observeSignatures(metrics: Metrics, { signatures }: Observed): void {
  metrics.observe('palisade.signatures.remaining', () =>
    [...signatures.until()].map(([store, until]) => ({
      value: (until - Date.now()) / 1_000,
      labels: [store] as const,
    })),
  );
}

function observeVerifier(metrics: Metrics, { verifier, replica }: Observed): void {
  metrics.observe('palisade.evaluator.verified', () => one(verifier.stats().verified));
  metrics.observe('palisade.evaluator.unverified', () => one(verifier.stats().unverified));
  metrics.observe('palisade.evaluator.differences', () => {
    const { differences } = verifier.stats();

    return [...replica.snapshot().stores.keys()].map((name) => ({
      value: differences.get(name) ?? 0,
      labels: [name] as const,
    }));
  });
}

function observeLedger(metrics: Metrics, { ledger, capacity }: Observed): void {
  const stats = () => ledger.stats();
  /** Of this process's own records and of those that it took over from processes that are gone. */
  const deliveries = () => {
    const { delivery, adopted } = stats();

    return [delivery, adopted?.delivery ?? null].filter((each) => each !== null);
  };
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

  metrics.observe('palisade.log.recorded', () => one(stats().recorded));
  metrics.observe('palisade.log.drained', () => one(sum(deliveries().map(({ delivered }) => delivered))));
  metrics.observe('palisade.log.refused', () =>
    one(sum(deliveries().map(({ refused, damaged }) => refused + damaged))),
  );
  metrics.observe('palisade.log.dropped', () => one(stats().dropped));
  metrics.observe('palisade.log.sealed', () => one(stats().sealed));
  metrics.observe('palisade.log.stranded', () => one(stats().adopted?.stranded.length ?? 0));
  metrics.observe('palisade.log.blocked', () => {
    const blocked = stats().problem !== null || deliveries().some(({ problem }) => problem !== null);

    return one(blocked ? 1 : 0);
  });
  metrics.observe('palisade.spool.records', () => one(stats().waitingRecords));
  metrics.observe('palisade.spool.size', () => one(stats().spoolBytes));
  metrics.observe('palisade.spool.capacity', () => one(capacity));
  metrics.observe('palisade.spool.oldest_age', () =>
    one(Math.max(0, ...deliveries().map(({ oldestMs }) => oldestMs ?? 0)) / 1_000),
  );
}

function one(value: number) {
  return [{ value, labels: [] as const }];
}
