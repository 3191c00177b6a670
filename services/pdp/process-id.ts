import { hostname } from 'node:os';
import type { Config } from './config/config.ts';

/** A process id is 64 units at most, port and number included. */
const HOST_UNITS = 48;

/** Names this process in the decision log: as configured, or after its host and port. */
export function processIdOf(config: Pick<Config, 'PALISADE_PROCESS_ID' | 'PALISADE_GRPC_ADDRESS'>): string {
  if (config.PALISADE_PROCESS_ID !== undefined) return config.PALISADE_PROCESS_ID;

  const host = hostname()
    .replace(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, HOST_UNITS);

  return `${host}-${config.PALISADE_GRPC_ADDRESS.port}`;
}
