/** Of digests, about 100 bytes each; a bundle that is forgotten is held against Cedar once more. */
const MAX_KEPT = 10_000;

/**
 * The bundles on whose every test and sample this process has seen the compiled evaluator judge as Cedar does. A digest means the same
 * bytes forever, and a process the same code, so that it would see the same again; another process is another version, perhaps.
 */
const agreed = new Set<string>();

/** All of them, for a thread that has no memory of its own. */
export function agreedBundles(): ReadonlySet<string> {
  return agreed;
}

export function hasAgreed(digest: string): boolean {
  return agreed.has(digest);
}

/** Of a bundle that was checked without an error, or loaded for the compiled evaluator. */
export function noteAgreed(digest: string): void {
  // Last noted stands last, so the first is the one to forget.
  agreed.delete(digest);
  agreed.add(digest);
  const [oldest] = agreed;
  if (agreed.size > MAX_KEPT && oldest !== undefined) agreed.delete(oldest);
}
