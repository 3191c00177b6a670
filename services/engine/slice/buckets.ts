import type { Steps } from '../steps.ts';
import { ANY } from './numbers.ts';
import type { ScopeTable } from './scope-table.ts';

/** An entity anchors policies as their principal and as their resource, in a bucket of each. */
export const PARTS = 2;
export const AS_PRINCIPAL = 0;
export const AS_RESOURCE = 1;

/** Positions of policies by what anchors them; bucket `n` is `members` from `starts[n]` up to `starts[n + 1]`, ascending. */
export interface Buckets {
  readonly starts: Int32Array;
  readonly members: Int32Array;
}

/** Puts each policy that names an entity under its principal, else its resource: bucket `key * PARTS + part`. */
export function* bucketsInSteps(table: ScopeTable, policies: number): Steps<Buckets> {
  const buckets = Int32Array.from({ length: policies }, (_, position) => bucketOf(table, position));
  yield;
  const starts = new Int32Array(table.anchors * PARTS + 1);
  for (const bucket of buckets) if (bucket !== ANY) starts[bucket + 1] = (starts[bucket + 1] ?? 0) + 1;
  for (let bucket = 1; bucket < starts.length; bucket += 1)
    starts[bucket] = (starts[bucket] ?? 0) + (starts[bucket - 1] ?? 0);
  yield;

  const members = new Int32Array(starts[starts.length - 1] ?? 0);
  const next = starts.slice();
  for (const [position, bucket] of buckets.entries()) {
    if (bucket === ANY) continue;
    const place = next[bucket] ?? 0;
    members[place] = position;
    next[bucket] = place + 1;
  }

  return { starts, members };
}

function bucketOf(table: ScopeTable, position: number): number {
  const principal = table.principalOf(position);
  if (principal !== ANY) return principal * PARTS + AS_PRINCIPAL;
  const resource = table.resourceOf(position);

  return resource === ANY ? ANY : resource * PARTS + AS_RESOURCE;
}
