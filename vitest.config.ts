import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LongFirst } from './test/support/long-first.ts';

// What npm brings is compiled once, and not again by each process that a test file gets.
process.env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/test');

const EVERY = 'test/**/*.test.ts';
/**
 * Files that need a process to themselves: they patch what others use, watch the process, or take long. The
 * others take over one process from another: they end nothing that they did not start, and ask for no fresh module. What the process
 * keeps between them, such as the compiled Cedar, a server keeps between requests too.
 */
const APART = [
  'test/bench/**/*.test.ts',
  'test/cli/{progress,replay,serve,several-processes}.test.ts',
  'test/demos/demos.test.ts',
  'test/deploy/{sdk-metrics,serve}.test.ts',
  'test/docs/{commands,openapi,sres}.test.ts',
  'test/e2e/**/*.test.ts',
  'test/fuzz/**/*.test.ts',
  'test/ledger/{kill,mover-thread}.test.ts',
  'test/pdp/{replica,signature-watch}.test.ts',
  'test/pdp/verify/difference.test.ts',
  'test/store/embedded/*.test.ts',
  'test/support/**/*.test.ts',
  'test/telemetry/**/*.test.ts',
];
const TIMEOUTS = { testTimeout: 30_000, hookTimeout: 60_000, expect: { poll: { timeout: 20_000 } } };

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // One more than the cores that the suite is meant for: many tests wait for a process or a deadline. With two more some came too late.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
    projects: [
      { test: { name: 'apart', include: APART, ...TIMEOUTS } },
      { test: { name: 'together', include: [EVERY], exclude: APART, isolate: false, ...TIMEOUTS } },
    ],
  },
});
