import type { Effort, Figure } from './figure.ts';
import { startHelper } from './helper.ts';
import type { MemoryOrder, MemoryResult } from './memory-subject.ts';
import { STARTER } from './readiness.ts';

const POLICIES = 10_000;

export interface MemoryOfPolicies {
  readonly figure: Figure;
  /** Of both processes, with the bundle ready to decide. */
  readonly starter: MemoryResult['loaded'];
  readonly policies: MemoryResult;
}

/** Measures what 10,000 policies take more than the starter bundle, each in a process of its own that does nothing else. */
export async function measureMemory(
  name: string,
  { requests, evaluations }: Effort,
  signal: AbortSignal,
): Promise<MemoryOfPolicies> {
  const { loaded: starter } = await hold({ folder: STARTER }, signal);
  const policies = await hold({ policies: POLICIES, requests, evaluations }, signal);

  return { figure: { name, rss_mb: policies.loaded.rssMb - starter.rssMb }, starter, policies };
}

async function hold(order: MemoryOrder, signal: AbortSignal): Promise<MemoryResult> {
  const helper = await startHelper('memory-subject.ts', signal, ['--expose-gc']);
  try {
    return await helper.ask<MemoryResult>(order);
  } finally {
    await helper.end();
  }
}
