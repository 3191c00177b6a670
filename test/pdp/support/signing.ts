import type pg from 'pg';
import { parseSignature, signStatement } from '../../../services/bundles/signature/jws.ts';
import type { SigningKey } from '../../../services/bundles/signature/keys.ts';
import type { Statement } from '../../../services/bundles/signature/statement.ts';
import { applyRequirement, proposeRequirement } from '../../../services/store/change-requirement.ts';
import { insertSignature } from '../../../services/store/insert-signature.ts';
import { approveProposal } from '../../../services/store/proposals.ts';

/** A signature of a version of {@link ./bundle.ts} that is good now, with members replaced. */
export function signatureOf(key: SigningKey, digest: string, changes: Partial<Statement> = {}): string {
  const now = Math.floor(Date.now() / 1_000);

  return signStatement(
    { digest, bundle: 'docs', store: 'default', issuedAt: now, expiresAt: now + 86_400 * 30, ...changes },
    key,
  );
}

/** Puts it beside its bundle, as the API does. */
export function push(pool: pg.Pool, text: string, known = false): Promise<{ created: boolean }> {
  return insertSignature(pool, parseSignature(text), { known, createdBy: 'test' });
}

/** Has a store require signatures, as two persons do. */
export async function requireSignatures(
  pool: pg.Pool,
  keys: readonly SigningKey[],
  threshold: number,
  store = 'default',
): Promise<bigint> {
  const wanted = { store, threshold, keys, proposedBy: 'ada', reason: '' };
  const { id } = await proposeRequirement(pool, wanted, Date.now());

  return approveProposal(pool, id, 'bob', 'all', (client, proposal) =>
    applyRequirement(client, proposal, 'bob', Date.now()),
  );
}
