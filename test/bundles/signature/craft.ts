import { sign } from 'node:crypto';
import { generateKey, readSigningKey, type SigningKey } from '../../../services/bundles/signature/keys.ts';
import type { Statement } from '../../../services/bundles/signature/statement.ts';

export const NOW_MS = Date.parse('2026-11-28T12:00:00Z');
export const NOW = NOW_MS / 1_000;

/** A key that no test has seen. */
export function newKey(): SigningKey {
  return readSigningKey(JSON.stringify(generateKey()));
}

/** A statement that is good at {@link NOW}. */
export function aStatement(changes: Partial<Statement> = {}): Statement {
  return {
    digest: `sha256:${'a'.repeat(64)}`,
    bundle: 'coding-agent',
    store: 'markets',
    issuedAt: NOW - 60,
    expiresAt: NOW + 86_400,
    ...changes,
  };
}

export const HEADER = (key: SigningKey): Record<string, unknown> => ({
  alg: 'EdDSA',
  kid: key.id,
  typ: 'palisade-bundle+jws',
});

export const PAYLOAD: Readonly<Record<string, unknown>> = {
  bundle: 'coding-agent',
  digest: `sha256:${'a'.repeat(64)}`,
  exp: NOW + 86_400,
  iat: NOW - 60,
  store: 'markets',
};

/** A JWS of any parts, really signed: what is wrong with it is in the parts alone. */
export function craft(key: SigningKey, header: unknown, payload: unknown): string {
  const input = `${part(header)}.${part(payload)}`;

  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
}

/** Objects as JSON, texts and bytes as they are. */
function part(value: unknown): string {
  const isBytes = typeof value === 'string' || value instanceof Uint8Array;

  return Buffer.from(isBytes ? value : JSON.stringify(value)).toString('base64url');
}
