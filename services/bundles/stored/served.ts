import type { EntitySource } from '../compile.ts';

/** A type whose source is the store, in the order of names; `undefined` where there is none. */
export function storeTypeOf(sources: Readonly<Record<string, EntitySource>>): string | undefined {
  return Object.keys(sources)
    .filter((type) => sources[type] === 'store')
    .sort()[0];
}

export const NOT_SERVED = 'has the source store, which this version of the server does not serve yet';
