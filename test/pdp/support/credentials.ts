import { createToken } from '../../../services/pdp/token.ts';
import { ADMINISTRATIVE_ROLES } from '../../../services/store/credentials.ts';
import { createStore } from '../../../services/store/deployments.ts';
import { createPool } from '../../../services/store/pool.ts';
import type { ServerProcess, ServerWorld } from '../../support/server.ts';
import { deployVersion } from './deploy.ts';
import { send } from './http.ts';

/** A server that decides by {@link ./bundle.ts} in `default` and `other`, and every kind of credential. */
export interface Access {
  readonly world: ServerWorld;
  readonly server: ServerProcess;
  readonly admin: string;
  /** An admin of the store `other` alone. */
  readonly otherAdmin: string;
  /** For the store `default`, any principal. */
  readonly runtime: string;
  /** For the store `other`. */
  readonly otherStore: string;
  /** For the principal Agent::"b". */
  readonly otherPrincipal: string;
  /** Values of `authorization` that are no credential, by what is wrong with them; no route takes any of them. */
  readonly bad: Readonly<Record<string, string>>;
}

export async function prepareAccess(
  world: ServerWorld,
  environment: Readonly<Record<string, string>> = {},
): Promise<Access> {
  const pool = createPool({ connection: world.database.ownerUrl, max: 1 });
  try {
    await createStore(pool, 'other');
    await deployVersion(pool, '1.0.0');
    await deployVersion(pool, '1.0.0', 'other');
  } finally {
    await pool.end();
  }

  const past = new Date(Date.now() - 1_000);
  const admin = { roles: ADMINISTRATIVE_ROLES, stores: ['*'] } as const;
  const revoked = {
    'a revoked runtime': await world.credential({ name: 'revoked-runtime' }),
    'a revoked admin': await world.credential({ ...admin, name: 'revoked-admin' }),
  };
  const tokens = {
    ...revoked,
    'an expired runtime': await world.credential({ name: 'expired-runtime', expiresAt: past }),
    'an expired admin': await world.credential({ ...admin, name: 'expired-admin', expiresAt: past }),
    'an unknown token': createToken().token,
    'a right id with a wrong secret': world.adminToken.slice(0, 21) + createToken().token.slice(21),
    'another form': 'letmein',
  };
  const access = {
    world,
    admin: bearer(world.adminToken),
    otherAdmin: bearer(
      await world.credential({ name: 'other-admin', roles: ADMINISTRATIVE_ROLES, stores: ['other'] }),
    ),
    runtime: bearer(world.runtimeToken),
    otherStore: bearer(await world.credential({ name: 'other-store', stores: ['other'] })),
    otherPrincipal: bearer(
      await world.credential({ name: 'other-principal', principals: [{ type: 'Agent', ids: ['b'] }] }),
    ),
    bad: {
      ...Object.fromEntries(Object.entries(tokens).map(([what, token]) => [what, bearer(token)])),
      'another scheme': `Basic ${Buffer.from(`admin:${world.adminToken}`).toString('base64')}`,
      'a scheme alone': 'Bearer',
      'a token alone': world.adminToken,
      'two tokens': `Bearer ${world.adminToken}, Bearer ${world.adminToken}`,
    },
  };

  const server = await world.serve(environment);
  for (const token of Object.values(revoked)) await revoke(server, access.admin, token);

  return { ...access, server };
}

function bearer(token: string): string {
  return `Bearer ${token}`;
}

/** Revokes as an administrator does, and waits until the server has heard of it. */
async function revoke(server: ServerProcess, admin: string, token: string): Promise<void> {
  const call = { method: 'GET', path: '/v1/stores', headers: { authorization: bearer(token) } };
  await send(server.addresses.admin, {
    method: 'DELETE',
    path: `/v1/credentials/${token.slice(4, 20)}`,
    headers: { authorization: admin },
  });
  while ((await send(server.addresses.admin, call)).status !== 401);
}
