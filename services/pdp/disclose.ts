import { type CedarRecord, CedarRecord as RecordValue, type Value } from '../engine/value/value.ts';

/**
 * The values under the context paths that a bundle lets people see, by path. A path that the request does not have is left
 * out; everything else of the context stays in the encrypted input, because tool arguments hold secrets.
 */
export function disclose(context: CedarRecord, paths: readonly string[]): ReadonlyMap<string, Value> {
  const disclosed = new Map<string, Value>();
  for (const path of paths) {
    const value = valueAt(context, path.split('.'));
    if (value !== undefined) disclosed.set(path, value);
  }

  return disclosed;
}

function valueAt(context: CedarRecord, steps: readonly string[]): Value | undefined {
  let value: Value | undefined = context;
  for (const step of steps) {
    if (!(value instanceof RecordValue)) return undefined;
    value = value.fields.get(step);
  }

  return value;
}
