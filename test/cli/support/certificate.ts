import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const LOOPBACK = 'IP:127.0.0.1,DNS:localhost';

/** Makes a self-signed certificate in a folder, for loopback if no other names are given; gives the paths of its files. */
export async function makeCertificate(
  folder: string,
  name = 'tls',
  names: string = LOOPBACK,
): Promise<Certificate> {
  const paths = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
    ...['-subj', '/CN=palisade', '-addext', `subjectAltName=${names}`],
    ...['-keyout', paths.key, '-out', paths.cert],
  ]);

  return paths;
}
