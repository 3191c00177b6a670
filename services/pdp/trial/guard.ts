import type { CanaryLimits } from '../../store/deployment-change.ts';
import { type Figures, quantile, timed } from './figures.ts';

/** What follows from a canary's figures. */
export type Intervention = { readonly kind: 'end' | 'freeze'; readonly why: string };

/** Below this, in milliseconds, one time of evaluation is as good as another, and their ratio is noise. */
export const LATENCY_FLOOR_MS = 1;

/**
 * Holds figures against the limits that an operator gave a canary.
 *
 * Errors and latency end it. Flips only freeze it: a security fix flips by design, and whoever it is to stop must not be able to undo it by
 * asking for what it forbids.
 */
export function interventionFor(figures: Figures, limits: CanaryLimits): Intervention | undefined {
  const ending = tooManyErrors(figures, limits) ?? tooSlow(figures, limits);
  if (ending !== undefined) return { kind: 'end', why: ending };
  const flipping = exceeded('flips', figures.flips, figures.compared, limits.max_flip_rate, limits);

  return flipping === undefined ? undefined : { kind: 'freeze', why: flipping };
}

function tooManyErrors(
  { served, failed, compared, errors }: Figures,
  limits: CanaryLimits,
): string | undefined {
  const { max_error_rate: max } = limits;

  return (
    exceeded('errors where it decided', failed, served, max, limits) ??
    exceeded('errors beside the active bundle', errors, compared, max, limits)
  );
}

function tooSlow({ active, candidate }: Figures, limits: CanaryLimits): string | undefined {
  const ours = quantile(candidate, 0.99);
  const theirs = quantile(active, 0.99);
  const isSampled = BigInt(timed(candidate)) >= limits.min_sample;
  if (!isSampled || ours === undefined || theirs === undefined) return undefined;

  const figures = `its p99 is ${ours.toFixed(3)} ms, the active bundle's ${theirs.toFixed(3)} ms, of ${timed(candidate)}`;
  if (limits.max_p99_ms !== undefined && ours > Number(limits.max_p99_ms)) {
    return `${figures}; the limit is ${limits.max_p99_ms} ms`;
  }
  const ratio = limits.max_latency_ratio;
  if (ratio === undefined || ours < LATENCY_FLOOR_MS || ours <= Number(ratio) * theirs) return undefined;

  return `${figures}; the limit is ${ratio} times as long`;
}

function exceeded(
  what: string,
  part: number,
  all: number,
  max: string | undefined,
  { min_sample }: CanaryLimits,
): string | undefined {
  if (max === undefined || BigInt(all) < min_sample || part <= Number(max) * all) return undefined;

  return `${what}: ${part} of ${all}, ${((100 * part) / all).toFixed(2)} %; the limit is ${max}`;
}
