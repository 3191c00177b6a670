import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// What npm brings is compiled once, and not again by each process that a test file gets.
process.env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/test');

const EVERY = 'test/**/*.test.ts';
/**
 * Files that take over one process from another: they patch nothing, end nothing that they did not start, and ask for no fresh
 * module. What the process keeps between them, such as the compiled Cedar, a server keeps between requests too.
 */
const TOGETHER = [
  'test/*.test.ts',
  'test/bundles/**/*.test.ts',
  'test/docs/{blocks,ci,command-lines,errors,links,names,threat-model}.test.ts',
  'test/engine/**/*.test.ts',
  'test/ledger/{group-commit,input,line,record-text,space}.test.ts',
  'test/pdp/{admit,config,credentials,disclose,readiness,select,service,settle,thread-share,token,uuid}.test.ts',
  'test/pdp/config/*.test.ts',
  'test/pdp/verify/{judge,verifier}.test.ts',
  'test/pdp/wire/*.test.ts',
  'test/pitfalls/*.test.ts',
  'test/policies/*.test.ts',
];
const TIMEOUTS = { testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    // One more than the cores that the suite is meant for: many tests wait for a process or a deadline.
    maxWorkers: 3,
    projects: [
      { test: { name: 'apart', include: [EVERY], exclude: TOGETHER, ...TIMEOUTS } },
      { test: { name: 'together', include: TOGETHER, isolate: false, ...TIMEOUTS } },
    ],
  },
});
