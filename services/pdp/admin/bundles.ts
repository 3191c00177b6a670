import type { Request } from 'express';
import { z } from 'zod';
import type {} from 'zod-openapi';
import { PdpError } from '../../engine/error.ts';
import {
  type BundleInfo,
  getBundle,
  getBundleArchive,
  insertBundle,
  listBundles,
} from '../../store/bundles.ts';
import { ALL_STORES } from '../../store/credentials.ts';
import { withTransaction } from '../../store/pool.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { checkUpload } from './check-upload.ts';
import { type AdminContext, adminOf, reply, visibleStores } from './context.ts';
import { readQuery } from './input.ts';
import { type AdminRoute, createAdminRoutes } from './routes.ts';
import { SYSTEM_BUNDLE } from './system-bundle.ts';

/** Parameters of `POST /v1/bundles`. */
export const PUSH_QUERY = z.strictObject({
  stores: z
    .string()
    .regex(/^[a-z0-9-]{1,63}(,[a-z0-9-]{1,63}){0,99}$/, 'is names of stores, with commas between them')
    .transform((text) => [...new Set(text.split(','))])
    .optional()
    .meta({ description: 'The stores that see it and can run it. Left out: those of the credential.' }),
});

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Parameters of `GET /v1/bundles`. */
export const BUNDLES_QUERY = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.string().regex(DIGEST, 'is not the `next` of a page').optional(),
});

/** `/v1/bundles`: push, list, show, fetch. What fails its check is never stored. */
export function bundleRoutes({ poolFor, cedarVersion }: AdminContext): readonly AdminRoute[] {
  const routes = createAdminRoutes();

  routes.post('/v1/bundles', 'pushBundle', async (request, response) => {
    const stores = pushedFor(request);
    const { archive, digest, manifest } = await checkUpload(request, response);
    if (manifest.name === SYSTEM_BUNDLE) {
      throw new PdpError(
        'invalid_request',
        'system is the bundle that comes with Palisade; choose another name',
        {
          field: 'bundle',
        },
      );
    }
    const visible = visibleStores(request) ?? 'all';
    const { created, bundle } = await withTransaction(poolFor(request), async (client) => ({
      ...(await insertBundle(
        client,
        {
          digest,
          name: manifest.name,
          version: manifest.version,
          description: manifest.description,
          manifest,
          cedarVersion,
          archive,
          createdBy: adminOf(request).subject,
          stores,
        },
        visible,
      )),
      bundle: await getBundle(client, digest, visible),
    }));

    reply(request, response, created ? 201 : 200, {
      ...toJson(bundle),
      created,
    });
  });

  routes.get('/v1/bundles', 'readBundles', async (request, response) => {
    const { bundles, next } = await listBundles(
      poolFor(request),
      readQuery(request, BUNDLES_QUERY),
      visibleStores(request) ?? 'all',
    );
    reply(request, response, 200, { bundles: bundles.map(toJson), next });
  });

  routes.get('/v1/bundles/:digest', 'readBundles', async (request, response) => {
    const digest = digestOf(request.params.digest);
    const bundle = await getBundle(poolFor(request), digest, visibleStores(request) ?? 'all');
    reply(request, response, 200, toJson(bundle));
  });

  routes.get('/v1/bundles/:digest/archive', 'readBundles', async (request, response) => {
    const archive = await getBundleArchive(
      poolFor(request),
      digestOf(request.params.digest),
      visibleStores(request) ?? 'all',
    );
    response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': archive.length });
    response.end(archive);
  });

  return routes.all;
}

/** @throws PdpError `not_found` for a store that the credential does not name. */
function pushedFor(request: Request): readonly string[] {
  const { stores } = readQuery(request, PUSH_QUERY);
  const visible = visibleStores(request);
  const foreign = stores?.find((store) => visible?.includes(store) === false);
  if (foreign !== undefined)
    throw new PdpError('not_found', `there is no store ${foreign}`, { field: 'stores' });

  return stores ?? visible ?? [ALL_STORES];
}

/** @throws PdpError `invalid_request` where it is no digest. */
export function digestOf(text: string): string {
  if (DIGEST.test(text)) return text;

  throw new PdpError('invalid_request', 'a digest is sha256: and 64 hex digits', { field: 'digest' });
}

function toJson(bundle: BundleInfo): { readonly [name: string]: JsonValue } {
  return {
    digest: bundle.digest,
    name: bundle.name,
    version: bundle.version,
    description: bundle.description,
    size: bundle.size,
    cedar_version: bundle.cedarVersion,
    created_at: bundle.createdAt.toISOString(),
    created_by: bundle.createdBy,
  };
}
