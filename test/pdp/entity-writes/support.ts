import { storeBundle } from '../../bundles/stored/store-bundle.ts';
import {
  type AdminAnswer,
  type Administration,
  administer,
  createStore,
  deploy,
  uniqueName,
} from '../../support/shared-store.ts';

export const WRITERS = { type: 'Team', id: 'writers' };
export const GOOD = { type: 'Org', id: 'good' };

export type StoreClient = ReturnType<typeof storeClient>;

/** A store of its own, which runs the bundle of teams. */
export async function aStore(world: Administration): Promise<StoreClient> {
  const name = uniqueName('held');
  await createStore(world, name);
  await deploy(world, name, storeBundle());

  return storeClient(world, name);
}

/** Speaks to the entities of a store. */
export function storeClient(world: Administration, name: string) {
  const ask = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', rest = '', body?: unknown) =>
    administer(world, method, `/v1/stores/${name}/entities${rest}`, body);

  return {
    name,
    ask,
    bulk: (...entities: readonly unknown[]) => ask('POST', '', { entities }),
    put: (path: string, entity: object, more: object = {}) => ask('PUT', path, { entity, ...more }),
    patch: (path: string, patch: object, more: object = {}) => ask('PATCH', path, { patch, ...more }),
  };
}

/** Of a bulk write. */
export function user(id: string, level: unknown = 1, parents: readonly object[] = [WRITERS]) {
  return { put: { uid: { type: 'User', id }, attrs: { level }, parents } };
}

export function team(id: string, parents: readonly object[] = [GOOD]) {
  return { put: { uid: { type: 'Team', id }, attrs: {}, parents } };
}

export const told = ({ status, body }: AdminAnswer): string =>
  `${status} ${String(body['code'])} ${String(body['field'])}`;

export function idsOf({ body }: AdminAnswer): readonly string[] {
  return (body['entities'] as readonly { readonly entity: { readonly uid: { readonly id: string } } }[]).map(
    ({ entity }) => entity.uid.id,
  );
}
