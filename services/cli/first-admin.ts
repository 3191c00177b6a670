import { createToken } from '../pdp/token.ts';
import { ADMINISTRATIVE_ROLES, ALL_STORES, insertFirstAdmin } from '../store/credentials.ts';
import { createPool, type DatabaseConnection } from '../store/pool.ts';

/**
 * Makes the first admin credential, straight in the database.
 * @throws PdpError `conflict` where an admin exists.
 */
export async function createFirstAdmin(
  connection: DatabaseConnection,
  name: string,
): Promise<{ readonly id: string; readonly token: string }> {
  const pool = createPool({ connection, max: 1 });
  try {
    const { token, credentialId, secretHash } = createToken();
    await insertFirstAdmin(pool, {
      id: credentialId,
      name,
      roles: ADMINISTRATIVE_ROLES,
      stores: [ALL_STORES],
      principals: null,
      fullDetail: false,
      secretHash,
      createdBy: 'bootstrap',
      expiresAt: null,
    });

    return { id: credentialId, token };
  } finally {
    await pool.end();
  }
}
