import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { JSON_DIALECT } from '../../../engine/data/dialect.ts';
import { PdpError } from '../../../engine/error.ts';
import { parseTrustedJson } from '../../../engine/raw/json.ts';
import { isRawArray, type RawNode, RawNumber, RawObject } from '../../../engine/raw/raw.ts';
import { uidKey } from '../../../engine/value/value.ts';
import { CliError, EXIT } from '../../errors.ts';

/** An entity of a file, as far as it takes to send it. */
export interface ReadEntity {
  readonly key: string;
  readonly parents: readonly string[];
  /** Its JSON, exactly what the file says. */
  readonly text: string;
}

/**
 * Reads Cedar JSON: an array of entities, one entity, or one on each line. What an entity holds is for the server to judge.
 * @param path `-`: standard input.
 * @throws CliError where it is none of that, naming the line or the place; the operating system's error where it cannot be read.
 */
export async function readEntities(path: string): Promise<readonly ReadEntity[]> {
  const bytes = path === '-' ? await buffer(process.stdin) : await readFile(path);
  const text = decoded(bytes, path).trim();
  const name = path === '-' ? 'standard input' : path;
  if (text.startsWith('[')) {
    const list = parsed(text, name);

    return (isRawArray(list) ? list : []).map((node, index) => entityOf(node, `${name}: [${index}]`));
  }
  const whole = oneEntity(text);
  if (whole !== undefined) return [entityOf(whole, name)];

  return text.split('\n').flatMap((line, index) => {
    const place = `${name}:${index + 1}`;

    return line.trim() === '' ? [] : [entityOf(parsed(line, place), place)];
  });
}

/** @throws CliError where the path holds more or fewer. */
export async function readOneEntity(path: string): Promise<ReadEntity> {
  const [entity, ...more] = await readEntities(path);
  if (entity !== undefined && more.length === 0) return entity;

  throw new CliError(`${path} holds ${more.length + (entity ? 1 : 0)} entities: import them`, EXIT.usage);
}

/** The text as one object over all lines; `undefined` where its first line is one by itself. */
function oneEntity(text: string): RawNode | undefined {
  try {
    return parseTrustedJson(text);
  } catch {
    return undefined;
  }
}

function parsed(text: string, place: string): RawNode {
  try {
    return parseTrustedJson(text);
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    throw new CliError(`${place}: ${error.message}`, EXIT.usage);
  }
}

function entityOf(node: RawNode, place: string): ReadEntity {
  const entries = node instanceof RawObject ? node.entries : new Map<string, RawNode>();
  const uid = JSON_DIALECT.uidIn(entries.get('uid') ?? null);
  if (uid === undefined) {
    throw new CliError(
      `${place}: an entity is {"uid": {"type": …, "id": …}, "attrs": …, "parents": …}`,
      EXIT.usage,
    );
  }
  const parents = entries.get('parents');

  return {
    key: uidKey(uid.type, uid.id),
    parents: (isRawArray(parents) ? parents : []).flatMap((parent) => {
      const above = JSON_DIALECT.uidIn(parent);

      return above === undefined ? [] : [uidKey(above.type, above.id)];
    }),
    text: jsonTextOf(node),
  };
}

/** The JSON that a tree was read from, without its spaces. */
function jsonTextOf(node: RawNode): string {
  if (typeof node === 'bigint') return node.toString();
  if (node instanceof RawNumber) return node.text;
  if (isRawArray(node)) return `[${node.map(jsonTextOf).join()}]`;
  if (!(node instanceof RawObject)) return JSON.stringify(node);

  return `{${[...node.entries].map(([name, one]) => `${JSON.stringify(name)}:${jsonTextOf(one)}`).join()}}`;
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError(`${path} is not UTF-8`, EXIT.usage);
  }
}
