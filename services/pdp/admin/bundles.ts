import type { Router } from 'express';
import { z } from 'zod';
import { PdpError } from '../../engine/error.ts';
import {
  type BundleInfo,
  getBundle,
  getBundleArchive,
  insertBundle,
  listBundles,
} from '../../store/bundles.ts';
import type { JsonValue } from '../wire/rest/json-text.ts';
import { checkUpload } from './check-upload.ts';
import { type AdminContext, adminOf, createRouter, reply } from './context.ts';
import { readQuery } from './input.ts';

/** Parameters of `GET /v1/bundles`. */
export const BUNDLES_QUERY = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z
    .string()
    .regex(/^\d{1,18}$/, 'is not the `next` of a page')
    .transform(BigInt)
    .optional(),
});

/** `/v1/bundles`: push, list, show, fetch. What fails its check is never stored. */
export function bundleRoutes({ poolFor, cedarVersion }: AdminContext): Router {
  const router = createRouter();

  router.post('/v1/bundles', async (request, response) => {
    const { archive, digest, manifest } = await checkUpload(request, response);
    const { created } = await insertBundle(poolFor(request), {
      digest,
      name: manifest.name,
      version: manifest.version,
      description: manifest.description,
      manifest,
      cedarVersion,
      archive,
      createdBy: adminOf(request).subject,
    });

    reply(request, response, created ? 201 : 200, {
      ...toJson(await getBundle(poolFor(request), digest)),
      created,
    });
  });

  router.get('/v1/bundles', async (request, response) => {
    const { bundles, next } = await listBundles(poolFor(request), readQuery(request, BUNDLES_QUERY));
    reply(request, response, 200, { bundles: bundles.map(toJson), next: next?.toString() });
  });

  router.get('/v1/bundles/:digest', async (request, response) => {
    reply(request, response, 200, toJson(await getBundle(poolFor(request), digestOf(request.params.digest))));
  });

  router.get('/v1/bundles/:digest/archive', async (request, response) => {
    const archive = await getBundleArchive(poolFor(request), digestOf(request.params.digest));
    response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': archive.length });
    response.end(archive);
  });

  return router;
}

/** @throws PdpError `invalid_request` where it is no digest. */
export function digestOf(text: string): string {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return text;

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
