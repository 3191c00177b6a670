import { open } from 'node:fs/promises';
import {
  readPublicKey,
  readSigningKey,
  type SigningKey,
  type VerifyingKey,
} from '../bundles/signature/keys.ts';
import { toPdpError } from '../engine/error.ts';
import { CliError, EXIT } from './errors.ts';

/** A JWK of a few members is far below. */
const MAX_BYTES = 16_384;

/**
 * Reads a public key from a file.
 * @throws CliError where there is none in it.
 */
export async function readPublicKeyFile(path: string): Promise<VerifyingKey> {
  return parsed(path, await readSmall(path), readPublicKey);
}

/**
 * Reads a private key from a file.
 * @throws CliError where there is none in it, or others than its owner may read it.
 */
export async function readSigningKeyFile(path: string): Promise<SigningKey> {
  const content = await readSmall(path);
  const key = parsed(path, content, readSigningKey);
  if ((content.mode & 0o077) !== 0) {
    throw new CliError(`the key ${path} is open to group or others: chmod 600 ${path}`, EXIT.usage);
  }

  return key;
}

/** Reads a signature from a file, without the line break at its end. */
export async function readSignatureFile(path: string): Promise<string> {
  const { bytes } = await readSmall(path);

  return bytes.toString('utf8').replace(/\r?\n$/, '');
}

interface Content {
  readonly bytes: Buffer;
  readonly mode: number;
}

async function readSmall(path: string): Promise<Content> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw new CliError(`${path} cannot be read (${cause.code})`, EXIT.usage);
  });
  try {
    const { mode } = await file.stat();
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MAX_BYTES)
      throw new CliError(`${path} is no key and no signature: it is too large`, EXIT.usage);

    return { bytes: buffer.subarray(0, bytesRead), mode };
  } finally {
    await file.close();
  }
}

function parsed<Key>(path: string, { bytes }: Content, read: (bytes: Uint8Array) => Key): Key {
  try {
    return read(bytes);
  } catch (thrown) {
    throw new CliError(`${path}: ${toPdpError(thrown).message}`, EXIT.usage);
  }
}
