import type { CompiledBundle } from '../bundles/compile.ts';
import { type BundleDecision, decideByBundle } from '../bundles/decide.ts';
import type { DecisionPath } from './authorize.ts';
import { factsAt } from './facts.ts';
import type { Selected } from './select.ts';
import { type Settled, settle } from './settle.ts';
import type { AuthorizeCall } from './types.ts';

export interface Judged {
  readonly decided: BundleDecision;
  readonly settled: Settled;
}

/**
 * Informs, evaluates and settles one request by the bundle that was selected for it, and by no other.
 * @throws PdpError where the request does not fit the bundle or could not be evaluated.
 */
export function judge(
  path: Pick<DecisionPath, 'fallback' | 'isFallback' | 'trials'>,
  selected: Selected,
  store: string,
  call: AuthorizeCall,
  at: number,
): Judged {
  const { bundle, arm } = selected;
  const run = (): Judged => {
    const decided = decide(bundle, selected, call, at);

    return { decided, settled: settle(selected, call, decided) };
  };
  const tell = () => path.trials.failed(selected, store, () => decide(selected.active, selected, call, at));
  const step = arm === 'active' ? run : () => watched(run, tell);

  return path.isFallback(bundle) ? path.fallback.run(step) : step();
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

function decide(
  bundle: CompiledBundle,
  { entities }: Selected,
  call: AuthorizeCall,
  at: number,
): BundleDecision {
  const stored = bundle.readsStore ? entities.read.get(bundle) : undefined;

  return decideByBundle(
    bundle,
    call,
    (names) => factsAt(at, names),
    stored === undefined ? NONE : { stored },
  );
}

const NONE = {};
