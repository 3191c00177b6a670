import { type BundleSignature, isSignedBy } from './jws.ts';
import type { VerifyingKey } from './keys.ts';

/** Signatures of some hundred stores; each entry is about as long as its text. */
const REMEMBERED = 2_000;

const verdicts = new Map<string, boolean>();

/**
 * The same as {@link isSignedBy}, without its arithmetic for what was asked before: what a process serves is looked at again and
 * again, on the thread that decides. Whether a key made a text never changes.
 */
export function wasSignedBy(signature: BundleSignature, key: VerifyingKey): boolean {
  // All of both, so that nothing else can be taken for it.
  const asked = `${key.id} ${key.x} ${signature.text}`;
  const known = verdicts.get(asked);
  if (known !== undefined) return known;

  const verdict = isSignedBy(signature, key);
  verdicts.set(asked, verdict);
  for (const oldest of verdicts.keys()) {
    if (verdicts.size <= REMEMBERED) break;
    verdicts.delete(oldest);
  }

  return verdict;
}
