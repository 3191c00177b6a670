/** Characters of a resource's id from which on the evaluator of {@link WITH_WRONG_EVALUATOR} allows everything. */
export const WRONG_FROM = 500;

/** Environment of a server whose compiled evaluator is wrong; nothing in the server itself lets it be. */
export const WITH_WRONG_EVALUATOR = {
  NODE_OPTIONS: `--import=${new URL('wrong-evaluator-preload.ts', import.meta.url).href}`,
} as const;
