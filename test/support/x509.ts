import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A certificate with its key, PEM: what OpenSSL makes, for machines that have Node and no OpenSSL. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface Wanted {
  /** Subject alternative names, as OpenSSL writes them: `DNS:`, `URI:` or `IP:` and the value. */
  readonly names?: readonly string[];
  /** Common name. */
  readonly subject?: string;
  readonly from?: Date;
  readonly to?: Date;
  /** May sign others. */
  readonly authority?: boolean;
  /** PEM; absent: a new one. */
  readonly key?: string;
}

const HOUR_MS = 3_600_000;

/** Makes a certificate; without an issuer it signs itself. */
export function issue(wanted: Wanted = {}, issuer?: Issued): Issued {
  const key = wanted.key ?? newKey();
  const publicKey = createPublicKey(key);
  const signer = createPrivateKey(issuer?.key ?? key);
  const subject = name(wanted.subject ?? 'palisade');
  const issuerName = issuer === undefined ? subject : subjectOf(issuer.cert);
  const issuerKey = issuer === undefined ? publicKey : createPublicKey(issuer.cert);
  const from = wanted.from ?? new Date(Date.now() - HOUR_MS);
  const to = wanted.to ?? new Date(Date.now() + 24 * HOUR_MS);
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    // Positive, and as good as unique.
    integer(Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    ECDSA_WITH_SHA256,
    issuerName,
    sequence(time(from), time(to)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(wanted, publicKey, issuerKey))),
  );
  const signature = sign('sha256', body, signer);
  const certificate = sequence(body, ECDSA_WITH_SHA256, bitString(signature));

  return { cert: pem('CERTIFICATE', certificate), key };
}

/** Writes both into a folder, the key for its owner alone; gives the paths. */
export async function writeIssued(folder: string, file: string, { cert, key }: Issued): Promise<Issued> {
  const paths = { cert: join(folder, `${file}.crt`), key: join(folder, `${file}.key`) };
  await writeFile(paths.cert, cert);
  await writeFile(paths.key, key, { mode: 0o600 });
  await chmod(paths.key, 0o600);

  return paths;
}

export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** RFC 5280, section 4.2. */
function extensions({ names = [], authority = false }: Wanted, own: KeyObject, issuer: KeyObject): Buffer[] {
  const constraints = authority ? sequence(TRUE) : sequence();
  // digitalSignature, and keyCertSign.
  const usage = Buffer.from(authority ? [0x03, 0x02, 0x02, 0x84] : [0x03, 0x02, 0x07, 0x80]);

  return [
    extension('2.5.29.19', constraints, true),
    extension('2.5.29.15', usage, true),
    extension('2.5.29.14', der(0x04, keyId(own))),
    extension('2.5.29.35', sequence(der(0x80, keyId(issuer)))),
    ...(names.length === 0 ? [] : [extension('2.5.29.17', sequence(...names.map(alternativeName)))]),
  ];
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [TRUE] : []), der(0x04, value));
}

function alternativeName(text: string): Buffer {
  const [kind = '', value = ''] = [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)];
  if (kind === 'IP') return der(0x87, Buffer.from(value.split('.').map(Number)));

  return der(kind === 'URI' ? 0x86 : 0x82, Buffer.from(value, 'latin1'));
}

function name(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));
}

/** The sixth member of a certificate's body. */
function subjectOf(cert: string): Buffer {
  const bytes = Buffer.from(cert.replace(/-----[^-]+-----/g, ''), 'base64');
  const [body = Buffer.alloc(0)] = members(bytes);

  return members(body)[5] ?? Buffer.alloc(0);
}

/** The members of a sequence, each with its tag. */
function members(bytes: Buffer): Buffer[] {
  const all: Buffer[] = [];
  for (let at = headLength(bytes); at < bytes.length; ) {
    const rest = bytes.subarray(at);
    const head = headLength(rest);
    const first = rest[1] ?? 0;
    const length = first < 0x80 ? first : rest.readUIntBE(2, first - 0x80);
    all.push(rest.subarray(0, head + length));
    at += head + length;
  }

  return all;
}

function headLength(bytes: Buffer): number {
  const first = bytes[1] ?? 0;

  return first < 0x80 ? 2 : 2 + first - 0x80;
}

function time(date: Date): Buffer {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');

  // RFC 5280, section 4.1.2.5: UTCTime until 2049.
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [40 * first + second, ...rest.flatMap(base128)];

  return der(0x06, Buffer.from(bytes));
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);

  return bytes;
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function bitString(bytes: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);

  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];

  return Buffer.concat([Buffer.from([tag, 0x80 + bytes.length, ...bytes]), content]);
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];

  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const TRUE = Buffer.from([0x01, 0x01, 0xff]);
const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
