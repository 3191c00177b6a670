import { readFile, stat } from 'node:fs/promises';
import {
  NO_TEST_FACTS,
  readToldFact,
  type TestFacts,
  TOLD_FACTS,
  type ToldFact,
} from '../../../bundles/test-facts.ts';
import { parseUidText } from '../../../bundles/uid-text.ts';
import { PdpError } from '../../../engine/error.ts';
import { type Datetime, parseDatetime } from '../../../engine/extension/datetime.ts';
import { exceedsLimit, LIMITS } from '../../../engine/limits.ts';
import { parseJson } from '../../../engine/raw/json.ts';
import type { RawUid } from '../../../engine/raw/raw.ts';
import type { AuthorizeCall } from '../../../pdp/types.ts';
import { authorizeCall } from '../../../pdp/wire/authorize-call.ts';
import { readRequest } from '../../../pdp/wire/rest/request.ts';
import { CliError, EXIT } from '../../errors.ts';

export interface QuestionOptions {
  readonly principal?: string;
  readonly action?: string;
  readonly resource?: string;
  readonly context?: string;
  readonly entities?: string;
  readonly request?: string;
}

/**
 * Reads the request to decide, from the options or from a file with the body of POST /v1/authorize, by the rules of the server.
 * @throws CliError on wrong usage; PdpError `invalid_request` or `too_large`, as the server says it.
 */
export async function readQuestion(options: QuestionOptions): Promise<AuthorizeCall> {
  if (options.request !== undefined) return readRequest(await readLimited(options.request));

  const context = await jsonOf('context', options.context);
  const entities = await jsonOf('entities', options.entities);
  const bytes = Buffer.byteLength(context ?? '') + Buffer.byteLength(entities ?? '');
  if (bytes > LIMITS.body_bytes) throw exceedsLimit('body_bytes', 'request');

  return authorizeCall({
    principal: uidOf('principal', options.principal),
    action: uidOf('action', options.action),
    resource: uidOf('resource', options.resource),
    context: context === undefined ? undefined : parseJson(context, 'context'),
    entities: entities === undefined ? undefined : parseJson(entities, 'entities'),
  });
}

function uidOf(name: string, text: string | undefined): RawUid {
  if (text === undefined) throw new CliError(`--${name} is required, or --request`, EXIT.usage);
  const uid = parseUidText(text);
  if (uid === undefined) {
    throw new CliError(`--${name} must be an entity such as 'Agent::"build-bot"', not ${text}`, EXIT.usage);
  }

  // The server reads it as JSON, which refuses more: lone surrogates, U+FFFD, what is too long.
  parseJson(JSON.stringify(uid), name);

  return uid;
}

/** The text itself, or that of the file behind an `@`. */
async function jsonOf(name: string, given: string | undefined): Promise<string | undefined> {
  if (given === undefined || !given.startsWith('@')) return given;
  const bytes = await readLimited(given.slice(1));
  const text = bytes.toString();
  // What is not UTF-8 would become U+FFFD, which is refused, but under a name that misleads.
  if (!Buffer.from(text).equals(bytes)) throw new CliError(`--${name} is not valid UTF-8`, EXIT.usage);

  return text;
}

/** A file or a pipe, such as a shell makes of `<(…)`; never a device, which might not end. */
async function readLimited(path: string): Promise<Buffer> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true && found?.isFIFO() !== true) {
    throw new CliError(`cannot read the file ${path}`, EXIT.usage);
  }
  if (found.size > LIMITS.body_bytes) throw exceedsLimit('body_bytes', 'request');

  const bytes = await readFile(path);
  if (bytes.length > LIMITS.body_bytes) throw exceedsLimit('body_bytes', 'request');

  return bytes;
}

/** Collects `--fact name=value`: `now=…`, `limits.NAME=…`, what is used of a limit, and the others as JSON. */
export function addFact(text: string, facts: TestFacts = NO_TEST_FACTS): TestFacts {
  const [name = '', ...rest] = text.split('=');
  const value = rest.join('=');
  if (name === 'now') return { ...facts, now: datetimeOf(value) };
  const toldName = TOLD_FACTS.find((one) => one === name);
  if (toldName !== undefined) {
    return { ...facts, told: { ...facts.told, ...toldFact(toldName, value) } };
  }
  if (!name.startsWith('limits.')) {
    const known = ['now=…', 'limits.NAME=…', ...TOLD_FACTS.map((one) => `${one}=JSON`)].join(', ');
    throw new CliError(`--fact knows ${known}, not ${text}`, EXIT.usage);
  }
  if (!/^\d{1,18}$/.test(value)) {
    throw new CliError(`--fact ${name} must be what is used of it, such as ${name}=3`, EXIT.usage);
  }

  return { ...facts, use: new Map([...facts.use, [name.slice('limits.'.length), BigInt(value)]]) };
}

function toldFact(name: ToldFact, text: string): TestFacts['told'] {
  try {
    return readToldFact(name, parseJson(text, name), name);
  } catch (error) {
    if (!(error instanceof PdpError)) throw error;
    throw new CliError(`--fact ${name}=JSON: ${error.message}`, EXIT.usage);
  }
}

function datetimeOf(text: string): Datetime {
  const datetime = parseDatetime(text);
  if (datetime === undefined) {
    throw new CliError(
      `--fact now must be a datetime such as now=2026-11-22T10:00:00Z, not ${text}`,
      EXIT.usage,
    );
  }

  return datetime;
}
