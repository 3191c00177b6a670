import { unknownCredential } from './credentials.ts';
import type { Client, Pool } from './database.ts';
import { query } from './pool.ts';

/**
 * A pool as one credential uses it: no transaction changes anything unless the credential is good then, whatever was known of it
 * when its call came in. Whoever revokes it waits for the transactions that have begun, and once that is done no other does.
 */
export function standingPool(pool: Pool, credentialId: string): Pool {
  return {
    query: (text, values) => pool.query(text, values),
    connect: () => pool.connect(),
    onBegin: (client) => requireStanding(client, credentialId),
  };
}

/** @throws PdpError `unauthenticated`: it is revoked, or has expired. */
async function requireStanding(client: Client, credentialId: string): Promise<void> {
  const good = await query(
    client,
    `select from credentials
     where id = $1 and revoked_at is null and (expires_at is null or expires_at > clock_timestamp()) for share`,
    [credentialId],
  );
  if (good.length === 0) throw unknownCredential();
}
