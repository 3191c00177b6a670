import type { PdpErrorCode } from '../../engine/error.ts';
import type { EvaluatorName } from '../../engine/evaluator.ts';
import type { Policy } from '../../engine/policy.ts';
import type { CheckProgress, CheckReport } from '../check.ts';
import type { BundleParts } from '../compile.ts';
import type { BundleDiff } from '../diff/report.ts';
import type { BundleFiles } from '../files.ts';
import type { FormatReport } from '../format.ts';
import type { OpenBundle } from '../open.ts';
import type { TestOptions, TestReport } from '../test-bundle.ts';

/** What a worker is asked for; it answers one before it is asked for the next. */
export type Job =
  | { readonly kind: 'check'; readonly files: BundleFiles }
  | { readonly kind: 'check_archive'; readonly archive: Uint8Array }
  | { readonly kind: 'open'; readonly bundle: Uint8Array | BundleFiles }
  | { readonly kind: 'test'; readonly bundle: Uint8Array | BundleFiles; readonly options: TestOptions }
  | {
      readonly kind: 'diff';
      readonly a: BundleFiles | Uint8Array;
      readonly b: BundleFiles | Uint8Array;
    }
  | { readonly kind: 'format'; readonly files: BundleFiles }
  | {
      readonly kind: 'load';
      readonly archive: Uint8Array;
      readonly digest: string;
      readonly evaluator: EvaluatorName;
      /** Whether this process has seen both evaluators agree on it. */
      readonly agreed: boolean;
    };

/** What a worker says. Policies come in batches, the next one when the last was taken; then the rest, once. */
export type Message =
  | { readonly kind: 'policies'; readonly policies: readonly Policy[] }
  | { readonly kind: 'loaded'; readonly parts: Omit<BundleParts, 'policies'> }
  | { readonly kind: 'progress'; readonly progress: CheckProgress }
  | { readonly kind: 'checked'; readonly report: CheckReport }
  | { readonly kind: 'opened'; readonly bundle: OpenBundle }
  | { readonly kind: 'tested'; readonly report: TestReport }
  | { readonly kind: 'compared'; readonly diff: BundleDiff }
  | { readonly kind: 'formatted'; readonly report: FormatReport }
  | { readonly kind: 'refused'; readonly error: WireError };

/** A PdpError as plain data; its cause stays in the worker but for its text. */
export interface WireError {
  readonly code: PdpErrorCode;
  readonly message: string;
  readonly field: string | undefined;
  readonly limit: { readonly name: string; readonly max: number } | undefined;
  readonly cause: string | undefined;
}
