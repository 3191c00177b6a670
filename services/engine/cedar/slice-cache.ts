import type { Policy } from '../policy.ts';
import { policySetText } from './call-text.ts';
import { type CedarInstance, CedarText } from './instance.ts';

/** Policies that one instance keeps parsed, over all of its sets; about 1.5 KB each, so some 30 MB. */
const MAX_CACHED_POLICIES = 20_000;
const EMPTY = new CedarText('{"staticPolicies":{},"templates":{},"templateLinks":[]}');

/** Gives the name under which an instance has a set of policies parsed, parsing it where it is not. */
export interface SliceCache {
  /**
   * @param key says exactly which policies these are.
   * @throws Error where Cedar refuses them, CedarTrap where it traps.
   */
  nameOf(key: string, policies: readonly Policy[]): string;
}

interface Slot {
  readonly name: string;
  readonly size: number;
}

/**
 * An instance forgets nothing and lists nothing, and a set overwritten with an empty one answers *deny* as if it were
 * policy. So a name is only ever handed out together with the key that it was parsed for, and it loses its key before it is
 * written again.
 */
export function createSliceCache(
  instance: CedarInstance,
  maxPolicies: number = MAX_CACHED_POLICIES,
): SliceCache {
  const slots = new Map<string, Slot>();
  const free: string[] = [];
  let names = 0;
  let cached = 0;

  const evictOldest = (): void => {
    const oldest = slots.entries().next().value;
    if (oldest === undefined) return;
    const [key, { name, size }] = oldest;
    slots.delete(key);
    cached -= size;
    instance.call('preparsePolicySet', name, EMPTY);
    free.push(name);
  };

  return {
    nameOf(key, policies) {
      const known = slots.get(key);
      if (known !== undefined) {
        slots.delete(key);
        slots.set(key, known);
        return known.name;
      }

      // An empty set takes a place too, or many different empty slices would never be evicted.
      const size = policies.length + 1;
      while (slots.size > 0 && cached + size > maxPolicies) evictOldest();

      const name = free.pop() ?? `set${names++}`;
      const answer = instance.call('preparsePolicySet', name, new CedarText(policySetText(policies)));
      if (!isSuccess(answer)) throw new Error('Cedar refused a set of checked policies', { cause: answer });
      slots.set(key, { name, size });
      cached += size;

      return name;
    },
  };
}

function isSuccess(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'type' in answer && answer.type === 'success';
}
