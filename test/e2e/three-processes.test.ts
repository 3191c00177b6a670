import { describe } from 'vitest';
import { useWorld } from '../support/use-world.ts';
import { tryApprovals } from './subjects/approvals.ts';
import { tryLimits } from './subjects/limits.ts';
import { tryOutcomes } from './subjects/outcomes.ts';
import { tryRuns } from './subjects/runs.ts';
import type { Three } from './support/subject.ts';
import { startReplicas } from './support/three-replicas.ts';

const three = useWorld(async (world): Promise<Three> => {
  const replicas = await startReplicas(world, ['pdp-1', 'pdp-2', 'pdp-3'], {});

  return { world, replicas: replicas as Three['replicas'] };
});

describe('limits', () => tryLimits(three));
describe('runs', () => tryRuns(three));
describe('outcomes', () => tryOutcomes(three));
describe('approvals', () => tryApprovals(three));
