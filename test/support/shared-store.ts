import { randomBytes } from 'node:crypto';
import { writeArchive } from '../../services/bundles/archive.ts';
import type { BundleFiles } from '../../services/bundles/files.ts';
import { parseExactJson } from '../../services/ledger/json.ts';
import { documentedText } from './documented.ts';
import type { ServerAddresses } from './server.ts';

/** Where administration is, and who may use it. */
export interface Administration {
  readonly addresses: Pick<ServerAddresses, 'admin'>;
  readonly adminToken: string;
}

/** What administration answered. */
export interface AdminAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Which credential to make; see `/v1/credentials`. */
export interface WantedCredential {
  readonly name?: string;
  /** A runtime's if absent. */
  readonly roles?: readonly string[];
  readonly stores: readonly string[];
  readonly principals?: readonly { readonly type: string; readonly ids?: readonly string[] }[];
  readonly full_detail?: boolean;
}

/** A name that no other test has. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}

export function createStore(world: Administration, name: string): Promise<AdminAnswer> {
  return administer(world, 'POST', '/v1/stores', { name });
}

/** Makes a runtime credential and gives its token; the server knows it after the next {@link activate} at the latest. */
export async function createCredential(world: Administration, wanted: WantedCredential): Promise<string> {
  const credential = { name: uniqueName('test'), roles: ['runtime'], full_detail: false, ...wanted };
  const { status, body } = await administer(world, 'POST', '/v1/credentials', credential);
  if (status !== 201) throw new Error(`the credential was not made: ${body['detail']}`);

  return String(body['token']);
}

/** Uploads a bundle, which checks it. */
export function pushBundle(world: Administration, files: BundleFiles): Promise<AdminAnswer> {
  return send(world, 'POST', '/v1/bundles', 'application/gzip', writeArchive(files));
}

/** Makes a bundle that was pushed the active one. */
export function activate(world: Administration, store: string, digest: string): Promise<AdminAnswer> {
  return administer(world, 'PUT', `/v1/stores/${store}/deployment`, { digest });
}

/** Pushes and activates; gives the digest. */
export async function deploy(world: Administration, store: string, files: BundleFiles): Promise<string> {
  const pushed = await pushBundle(world, files);
  if (pushed.status >= 300) throw new Error(`the bundle was refused: ${pushed.body['report']}`);

  const digest = String(pushed.body['digest']);
  const { status, body } = await activate(world, store, digest);
  if (status !== 200) throw new Error(`the bundle was not activated: ${body['detail']}`);

  return digest;
}

/** The record that a call left, once it is in the log. */
export async function recordOf(
  world: Administration,
  { trace_id }: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const { body } = await administer(world, 'GET', `/v1/decisions?trace_id=${trace_id}`);
    const [record, ...more] = body['records'] as Readonly<Record<string, unknown>>[];
    if (more.length > 0) throw new Error(`one call left ${more.length + 1} records`);
    if (record !== undefined) return record;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function administer(
  world: Administration,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<AdminAnswer> {
  return send(
    world,
    method,
    path,
    'application/json',
    body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
  );
}

async function send(
  { addresses, adminToken }: Administration,
  method: string,
  path: string,
  type: string,
  body: Uint8Array | undefined,
): Promise<AdminAnswer> {
  const response = await fetch(`http://${addresses.admin}${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': type },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });

  const text = await documentedText(method, path, response);

  return {
    status: response.status,
    body: parseExactJson(text) as Readonly<Record<string, unknown>>,
  };
}
