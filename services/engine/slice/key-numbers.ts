import { eachInSteps, type Steps } from '../steps.ts';
import { UNKNOWN } from './numbers.ts';

/** Keys of entities as numbers. */
export interface KeyNumbers {
  readonly count: number;
  /** @returns {@link UNKNOWN} for a key that has none. */
  numberOf(key: string): number;
}

/** Places that are looked at for a key; where all of them are taken, it is in a map, so that no choice of keys makes looking slow. */
const PROBES = 8;

/**
 * Finds the numbers of keys, which are their places in a list of distinct ones.
 *
 * With tens of thousands of keys the time goes to the memory that is read, and not to what is computed: a `Map` reads a bucket, and of
 * each entry in it the entry and its text, here and there. This reads one place, and then the texts of neighbours next to each other.
 */
export function* keyNumbersInSteps(keys: readonly string[]): Steps<KeyNumbers> {
  const places = 2 ** Math.ceil(Math.log2(2 * keys.length + 1));
  /** Of each place the hash of its key and, where one is there, the number above 0 that stands for it. */
  const table = new Int32Array(2 * places);
  const crowded = new Map<string, number>();
  let longest = 0;
  yield* eachInSteps(keys, place);

  return {
    count: keys.length,

    numberOf(key) {
      if (key.length > longest) return UNKNOWN;
      const hash = hashOf(key);
      for (let probe = 0; probe < PROBES; probe += 1) {
        const at = 2 * ((hash + probe) & (places - 1));
        const number = (table[at + 1] ?? 0) - 1;
        if (number < 0) return UNKNOWN;
        if (table[at] === hash && keys[number] === key) return number;
      }

      return crowded.get(key) ?? UNKNOWN;
    },
  };

  function place(key: string, number: number): void {
    longest = Math.max(longest, key.length);
    const hash = hashOf(key);
    for (let probe = 0; probe < PROBES; probe += 1) {
      const at = 2 * ((hash + probe) & (places - 1));
      if (table[at + 1] !== 0) continue;
      table[at] = hash;
      table[at + 1] = number + 1;
      return;
    }
    crowded.set(key, number);
  }
}

/** FNV-1a over UTF-16 units, its upper bits folded into the lower ones that choose a place. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);

  return hash ^ (hash >>> 15);
}
