import type { WireError } from '../../bundles/worker/messages.ts';
import type { EvaluatorName } from '../../engine/evaluator.ts';
import type { DatabaseConnection } from '../../store/pool.ts';
import type { ReplayRange } from '../../store/replay-rows.ts';
import type { ReplayReport } from './report.ts';

/** By what past decisions are decided again: a candidate, or each by the bundle that decided it. */
export type ReplaySubject =
  | {
      readonly kind: 'candidate';
      readonly archive: Uint8Array;
      readonly digest: string;
      readonly evaluator: EvaluatorName;
    }
  | { readonly kind: 'verification' };

export interface ReplayTask {
  readonly range: ReplayRange;
  readonly subject: ReplaySubject;
}

/** What the thread is started with: plain data, complete in itself. */
export interface ReplayJob extends ReplayTask {
  /** How many threads there are for a range that is not shared yet; the thread says whether it is worth them. */
  readonly threads: number;
  readonly connection: DatabaseConnection;
  readonly keyringFile: string;
  /** Digests of bundles on which this process has seen both evaluators agree. */
  readonly agreed: ReadonlySet<string>;
}

export interface ReplayProgress {
  readonly read: number;
  readonly replayed: number;
  /** How many there are to read; absent while they are counted, and where that takes too long. */
  readonly total: number | undefined;
}

/** What the thread says: that it takes the first of as many shares as there are threads; how far it is; and then how it ended. */
export type FromReplay =
  | { readonly kind: 'shared' }
  | { readonly kind: 'progress'; readonly progress: ReplayProgress }
  | { readonly kind: 'done'; readonly report: ReplayReport }
  | { readonly kind: 'failed'; readonly error: WireError };
