import { ConfigError } from './config/config-error.ts';
import { type Address, addressText } from './config/values.ts';
import type { ServerTls } from './tls/follow-files.ts';

/**
 * TLS wherever there is any, except on loopback, where there is nothing to protect it from. Client certificates are asked for on
 * loopback too: they are what callers are known by.
 */
export function tlsFor<Tls extends Pick<ServerTls, 'clients'>>(
  address: Address,
  tls: Tls | undefined,
): Tls | undefined {
  return address.loopback && tls?.clients === 'off' ? undefined : tls;
}

/**
 * Begins to listen, and says which address it is where that fails.
 * @throws ConfigError
 */
export async function listenAt(
  variable: 'PALISADE_REST_ADDRESS' | 'PALISADE_GRPC_ADDRESS' | 'PALISADE_ADMIN_ADDRESS',
  address: Address,
  listen: (address: Address) => Promise<number>,
): Promise<number> {
  try {
    return await listen(address);
  } catch (thrown) {
    throw new ConfigError([`${variable}: ${addressText(address)} cannot be listened on (${textOf(thrown)})`]);
  }
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
