import type { CompiledBundle } from '../bundles/compile.ts';
import type { BundleDecision } from '../bundles/decide.ts';
import type { InformOptions } from '../bundles/inform.ts';
import type { DecisionPath } from './authorize.ts';
import type { RunRefusal } from './runs/run-part.ts';
import type { Selected } from './select.ts';
import { type Settled, settle } from './settle.ts';
import type { AuthorizeCall } from './types.ts';

export interface Judged {
  readonly decided: BundleDecision;
  readonly settled: Settled;
  /** Where the action has to do with a run. */
  readonly run?: RunEffect;
}

/** What became of a verdict because of its run. */
export interface RunEffect {
  /** Why it is a deny, whatever the policies say. */
  readonly refusal?: RunRefusal;
  /** The labels that the run takes with an allow. */
  readonly takes: readonly string[];
}

/**
 * Informs, evaluates and settles one request by the bundle that was selected for it, and by no other.
 * @param decide informs and evaluates it by a bundle.
 * @throws PdpError where the request does not fit the bundle or could not be evaluated.
 */
export function judge(
  path: Pick<DecisionPath, 'fallback' | 'isFallback' | 'trials'>,
  selected: Selected,
  store: string,
  call: Pick<AuthorizeCall, 'mode' | 'supported_obligations'>,
  decide: (bundle: CompiledBundle) => BundleDecision,
): Judged {
  const { bundle, arm } = selected;
  const run = (): Judged => {
    const decided = decide(bundle);

    return { decided, settled: settle(selected, call, decided) };
  };
  const tell = () => path.trials.failed(selected, store, () => decide(selected.active));
  const step = arm === 'active' ? run : () => watched(run, tell);

  return path.isFallback(bundle) ? path.fallback.run(step) : step();
}

/** What the store holds, as a bundle that reads it sees it. */
export function storedFor(bundle: CompiledBundle, { entities }: Selected): InformOptions {
  const stored = bundle.readsStore ? entities.read.get(bundle) : undefined;

  return stored === undefined ? NONE : { stored };
}

/** A candidate that fails is told of, so that it can be held against it; the request fails all the same. */
function watched(run: () => Judged, tell: () => void): Judged {
  try {
    return run();
  } catch (error) {
    tell();
    throw error;
  }
}

const NONE = {};
