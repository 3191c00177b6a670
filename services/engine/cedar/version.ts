/**
 * The Cedar that judges, by the version of its SDK. It stands here so that a process which serves by the compiled evaluator need
 * not hold cedar-wasm only to ask it; a test does ask.
 */
export const CEDAR_VERSION = '4.13.0';
