import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, the longest first; what begins last must not be what takes longest. */
const LONG = [
  'test/docs/commands.test.ts',
  'test/store/embedded/embedded-postgres.test.ts',
  'test/cli/replay.test.ts',
  'test/demos/demos.test.ts',
  'test/e2e/three-',
  'test/cli/several-processes.test.ts',
  'test/e2e/',
  'test/deploy/serve.test.ts',
  'test/cli/serve.test.ts',
  'test/docs/sres.test.ts',
  'test/bench/',
  'test/telemetry/',
  'test/fuzz/',
  // Of those that share a process. The first one loads what every store of the shared server runs, so it comes before there are many.
  'test/cases/cases.test.ts',
  'test/bundles/large.test.ts',
  'test/bundles/lint-soundness.test.ts',
  'test/engine/data/parity.test.ts',
  'test/pdp/foreign-stores.test.ts',
  'test/pdp/decision-access.test.ts',
  'test/pdp/verify/thread.test.ts',
];

/**
 * Begins with what takes long, whether or not an earlier run left its times. Files that share a process come last, one after the
 * other: a file with a process of its own in between would end theirs.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rankOf = ({ moduleId, project }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.includes(`/${name}`));
      const rank = at === -1 ? LONG.length : at;

      return project.config.isolate ? rank : LONG.length + 1 + rank;
    };

    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
