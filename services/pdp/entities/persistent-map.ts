/**
 * A map that never changes: another one, with changes, shares with it all that they do not touch. So a request goes on with what it
 * began with, and a change costs the shards that it falls into, where a copy would cost all of them.
 */
export interface PersistentMap<Value> {
  readonly size: number;
  get(key: string): Value | undefined;
  entries(): Iterable<readonly [key: string, value: Value]>;
  /** The map with these entries set, and removed where the value is `undefined`; of a key that comes twice, the last counts. */
  with(changes: Iterable<readonly [key: string, value: Value | undefined]>): PersistentMap<Value>;
  /** Keys whose value is another one than in a map that this was made of, or that only one of them has; little of what they share is looked at. */
  changedSince(earlier: PersistentMap<Value>): Iterable<string>;
}

interface Sharded<Value> extends PersistentMap<Value> {
  readonly shards: readonly Shard<Value>[];
}

/** A power of two, so that a hash is cut by a mask. With 100,000 entries a shard has about a hundred. */
const SHARDS = 1_024;

type Shard<Value> = ReadonlyMap<string, Value>;

const EMPTY: Shard<never> = new Map<string, never>();

export function emptyMap<Value>(): PersistentMap<Value> {
  return over<Value>(Array<Shard<Value>>(SHARDS).fill(EMPTY), 0);
}

function over<Value>(shards: readonly Shard<Value>[], size: number): Sharded<Value> {
  return {
    shards,
    size,
    get: (key) => shards[shardOf(key)]?.get(key),

    *entries() {
      for (const shard of shards) yield* shard;
    },

    with(changes) {
      const next = [...shards];
      const own = new Map<number, Map<string, Value>>();
      let nextSize = size;

      for (const [key, value] of changes) {
        const at = shardOf(key);
        let shard = own.get(at);
        if (shard === undefined) {
          shard = new Map(shards[at]);
          own.set(at, shard);
          next[at] = shard;
        }
        nextSize -= shard.size;
        if (value === undefined) shard.delete(key);
        else shard.set(key, value);
        nextSize += shard.size;
      }

      return over(next, nextSize);
    },

    *changedSince(earlier) {
      const before = (earlier as Sharded<Value>).shards;
      for (const [at, shard] of shards.entries()) {
        const old = before[at] ?? EMPTY;
        if (old === shard) continue;
        for (const [key, value] of shard) if (old.get(key) !== value) yield key;
        for (const key of old.keys()) if (!shard.has(key)) yield key;
      }
    },
  };
}

/** FNV-1a over UTF-16 units. Who chooses ids so that they meet in one shard makes changes to it slow, and looking up no slower. */
function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);

  return (hash ^ (hash >>> 16)) & (SHARDS - 1);
}
