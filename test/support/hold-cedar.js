// Preloaded into the servers of tests. V8 compiles a module once for all threads of a process, as long as one of them holds it, and
// each bundle is checked and loaded in a thread of its own: this takes half the time off that.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

const WASM = new URL(
  '../../node_modules/@cedar-policy/cedar-wasm/nodejs/cedar_wasm_bg.wasm',
  import.meta.url,
);
// What a function of the module runs before V8 compiles it a second time, to be faster: 13,000,000 left alone. The servers of tests end
// before that pays, and it takes 0.4 s of each.
const BUDGET = '--wasm-tiering-budget';
const AS_COMPILED_FIRST = 1_000_000_000;
const LEFT_ALONE = 13_000_000;

// A server becomes the same process once more, with its heap bounded, and only then begins.
const isBegun =
  !['serve', 'start'].includes(process.argv[2]) || process.execArgv.some((flag) => flag.startsWith('--max-'));

if (isMainThread && isBegun) {
  setFlagsFromString(`${BUDGET}=${AS_COMPILED_FIRST}`);
  globalThis[Symbol.for('palisade.test.cedar')] = new WebAssembly.Module(readFileSync(WASM));
  // The module keeps its budget. With any flag changed, V8 takes nothing that was compiled ahead: Node's own modules cost each process
  // 35 ms more, and each of its threads 10.
  setFlagsFromString(`${BUDGET}=${LEFT_ALONE}`);
}
