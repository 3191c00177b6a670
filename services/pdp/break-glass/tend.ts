import type { Ledger } from '../../ledger/ledger.ts';
import type { GlassReportEntry } from '../../ledger/record.ts';
import type { BreakGlass } from '../../store/break-glass/break-glass.ts';
import {
  closeOverdue,
  noteReport,
  takeUnreported,
  unreportedGlasses,
} from '../../store/break-glass/close.ts';
import { glassEvent } from '../../store/break-glass/events.ts';
import { type GlassReport, reportGlass } from '../../store/break-glass/report.ts';
import { RESERVED_NAME } from '../../store/credentials.ts';
import type { Client, Pool } from '../../store/database.ts';
import { withTransaction } from '../../store/pool.ts';
import { enqueueEvent } from '../../store/webhooks/enqueue.ts';
import type { Log } from '../../telemetry/log.ts';
import { createThrottle } from '../../telemetry/throttle.ts';
import { automatic } from '../change-record.ts';
import { recordBytes } from '../record.ts';
import { repeat } from '../repeat.ts';
import { uuidv7 } from '../uuid.ts';
import { glassOf } from './told.ts';

export interface TendOptions {
  readonly pool: Pool;
  readonly ledger: Pick<Ledger, 'append' | 'reserve'>;
  readonly log: Pick<Log, 'warn'>;
  readonly everyMs?: number;
  /** From the end to the report, in milliseconds. */
  readonly reportAfterMs?: number;
}

export interface Tending {
  stop(): Promise<void>;
}

const EVERY_MS = 5_000;
/** Records are in PostgreSQL within seconds, unless it is away; then the report is of what came by then. */
const REPORT_AFTER_MS = 60_000;
const LOG_EVERY_MS = 60_000;

/** Notes what has ended by itself, and reports what was done under it; any number of processes may. */
export function tendGlasses(options: TendOptions): Tending {
  const { pool, ledger, log, everyMs = EVERY_MS, reportAfterMs = REPORT_AFTER_MS } = options;
  const failures = createThrottle(LOG_EVERY_MS);
  const tending = repeat(everyMs, tend);

  return { stop: tending.stop };

  async function tend(): Promise<void> {
    try {
      await closeOverdue(pool);
      for (const id of await unreportedGlasses(pool, reportAfterMs)) await reportOne(id).catch(onLost);
    } catch (error) {
      onLost(error);
    }
  }

  /** Each by itself: one that cannot be reported keeps no other from it. */
  function reportOne(id: string): Promise<void> {
    return withTransaction(pool, async (client) => {
      const glass = tending.isStopping() ? undefined : await takeUnreported(client, id);
      if (glass !== undefined) await report(client, glass);
    });
  }

  function onLost(err: unknown): void {
    failures((since_last) =>
      log.warn({ err, since_last }, 'what was done under break-glass could not be reported yet'),
    );
  }

  /** Recorded before it is committed: where that fails, it is reported once more. */
  async function report(client: Client, glass: BreakGlass): Promise<void> {
    const found = await reportGlass(client, glass.id);
    const entry = reportEntry(glass, found);
    await ledger.append(entry, null, ledger.reserve(recordBytes(entry, '')));
    await noteReport(client, glass.id, entry.decision_id);
    const { allowed, denied } = found;
    await enqueueEvent(client, {
      store: glass.store,
      kind: 'break_glass.reported',
      payload: { ...glassEvent(glass), allowed, denied, record_id: entry.decision_id },
    });
  }
}

function reportEntry(
  glass: BreakGlass,
  { allowed, denied, actions, examples }: GlassReport,
): GlassReportEntry {
  const { reason, openedBy, approvedBy, openedAt, closedAt, closedBy, closeReason } = glass;
  const { transport, trace } = automatic();
  const now = Date.now();

  return {
    kind: 'break_glass_report',
    decision_id: uuidv7(now),
    time: new Date(now).toISOString(),
    transport,
    credential: { id: null, subject: RESERVED_NAME },
    request_id: '',
    run: null,
    mode: 'enforce',
    trace: { trace_id: trace.trace_id, parent_span_id: null },
    store: glass.store,
    glass: glassOf(glass),
    report: {
      reason,
      opened_by: openedBy,
      approved_by: approvedBy,
      opened_at: openedAt.toISOString(),
      closed_at: (closedAt ?? glass.until).toISOString(),
      closed_by: closedBy ?? RESERVED_NAME,
      close_reason: closeReason ?? '',
      allowed: BigInt(allowed),
      denied: BigInt(denied),
      actions: actions.map(({ type, id, ...counts }) => ({
        action: { type, id },
        allowed: BigInt(counts.allowed),
        denied: BigInt(counts.denied),
      })),
      examples: [...examples],
    },
  };
}
