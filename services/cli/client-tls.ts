import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { CliError, EXIT } from './errors.ts';
import type { Side } from './side.ts';

/** What commands believe a server by, and what they show to it; PEM. */
export interface ClientTls {
  /** Absent: the authorities that Node knows. */
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Reads `PALISADE_CA`, `PALISADE_CLIENT_CERT` and `PALISADE_CLIENT_KEY`.
 * @throws CliError where one is of no use or cannot be read, the two are no certificate and its key, or others than its owner
 *   may read the key.
 */
export function clientTls({ url: variable }: Side, url: string, environment: NodeJS.ProcessEnv): ClientTls {
  const { PALISADE_CA: ca, PALISADE_CLIENT_CERT: cert, PALISADE_CLIENT_KEY: key } = environment;
  const set = { PALISADE_CA: ca, PALISADE_CLIENT_CERT: cert, PALISADE_CLIENT_KEY: key };
  const [unused] = Object.entries(set).flatMap(([name, path]) => (path === undefined ? [] : [name]));
  if (unused === undefined) return {};

  if (new URL(url).protocol !== 'https:') {
    throw new CliError(`${unused} is of no use: ${variable} does not begin with https`, EXIT.usage);
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new CliError('PALISADE_CLIENT_CERT and PALISADE_CLIENT_KEY go together', EXIT.usage);
  }
  const tls = {
    ...(ca === undefined ? {} : { ca: readPem('PALISADE_CA', ca) }),
    ...(cert === undefined ? {} : { cert: readPem('PALISADE_CLIENT_CERT', cert) }),
    ...(key === undefined ? {} : { key: readPem('PALISADE_CLIENT_KEY', key, true) }),
  };
  try {
    createSecureContext(tls);
  } catch (thrown) {
    const names =
      cert === undefined
        ? 'PALISADE_CA is no certificate'
        : 'PALISADE_CLIENT_CERT and PALISADE_CLIENT_KEY are no certificate and its key';
    throw new CliError(`${names}: ${thrown instanceof Error ? thrown.message : thrown}`, EXIT.usage);
  }

  return tls;
}

function readPem(variable: string, path: string, isPrivate = false): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (thrown) {
    throw new CliError(`${variable} cannot be read: ${(thrown as Error).message}`, EXIT.usage);
  }
  try {
    if (isPrivate && (fstatSync(file).mode & 0o077) !== 0) {
      throw new CliError(`${variable}: ${path} is open to group or others: chmod 600 ${path}`, EXIT.usage);
    }

    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
