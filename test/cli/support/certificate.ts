import { type Issued, issue, writeIssued } from '../../support/x509.ts';

const LOOPBACK = ['IP:127.0.0.1', 'DNS:localhost'];

/** Makes a self-signed certificate in a folder, for loopback if no other names are given; gives the paths of its files. */
export function makeCertificate(
  folder: string,
  name = 'tls',
  names: readonly string[] = LOOPBACK,
): Promise<Issued> {
  return writeIssued(folder, name, issue({ names, authority: true }));
}
