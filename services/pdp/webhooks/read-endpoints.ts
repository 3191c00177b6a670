import { open } from 'node:fs/promises';
import { isIP } from 'node:net';
import { z } from 'zod';
import { EVENT_KINDS } from '../../store/webhooks/kinds.ts';
import { ConfigError } from '../config/config-error.ts';
import { isLoopback } from '../wire/loopback.ts';

/** Where events are sent, and with which secret they are signed. */
export interface Endpoint {
  readonly name: string;
  readonly url: URL;
  readonly secret: string;
  /** `null`: of all. */
  readonly stores: readonly string[] | null;
  readonly events: readonly string[] | null;
}

/** Shorter ones could be tried out by whoever has one signed body. */
const SECRET_UNITS = 32;
const ENDPOINTS = 32;

const secret = z.string().min(SECRET_UNITS, `needs at least ${SECRET_UNITS} characters`).max(1_024);
const url = z.string().transform((text, context): URL => {
  const parsed = URL.parse(text);
  const problem = parsed === null ? 'is no URL' : problemOf(parsed);
  if (parsed !== null && problem === undefined) return parsed;

  context.addIssue({ code: 'custom', message: problem ?? 'is no URL' });
  return z.NEVER;
});

const endpointsFile = z.strictObject({
  endpoints: z
    .array(
      z
        .strictObject({
          name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
          url,
          secret: secret.optional(),
          secret_file: z.string().min(1).optional(),
          stores: z.array(z.string()).min(1).nullable().default(null),
          events: z.array(z.enum(EVENT_KINDS)).min(1).nullable().default(null),
        })
        .refine((one) => (one.secret === undefined) !== (one.secret_file === undefined), {
          message: 'needs one of secret and secret_file',
        }),
    )
    .max(ENDPOINTS),
});

/**
 * Reads the file that says who is told of events.
 * @param path `undefined`: nobody is.
 * @throws ConfigError where it, or a secret, cannot be read, is open to others, or is malformed; never quotes a secret.
 */
export async function readEndpoints(path: string | undefined): Promise<readonly Endpoint[]> {
  if (path === undefined) return [];

  const parsed = endpointsFile.safeParse(parseJson(await readPrivate(path), path));
  if (!parsed.success) {
    throw new ConfigError(
      parsed.error.issues.map((issue) => `${VARIABLE} ${path}: ${issue.path.join('.')} ${issue.message}`),
    );
  }

  const { endpoints } = parsed.data;
  if (new Set(endpoints.map(({ name }) => name)).size !== endpoints.length) {
    throw refused(`${path}: two endpoints have one name`);
  }

  return Promise.all(
    endpoints.map(async ({ name, url, stores, events, ...keys }) => ({
      name,
      url,
      stores,
      events,
      secret: keys.secret ?? (await readSecretFile(name, keys.secret_file ?? '')),
    })),
  );
}

const VARIABLE = 'PALISADE_WEBHOOKS_FILE';

/** What is signed is still read by whoever is on the way, and a URL's own credentials would end up in logs. */
function problemOf({ protocol, hostname, username, password }: URL): string | undefined {
  if (username !== '' || password !== '') return 'must not hold a credential';
  if (protocol === 'https:') return undefined;

  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isNear = host === 'localhost' || (isIP(host) !== 0 && isLoopback(host));
  if (protocol === 'http:' && isNear) return undefined;

  return 'must be https, or http on loopback';
}

async function readSecretFile(name: string, path: string): Promise<string> {
  const parsed = secret.safeParse((await readPrivate(path)).trim());
  if (parsed.success) return parsed.data;

  throw refused(`${path}: the secret of ${name} ${parsed.error.issues[0]?.message ?? 'is malformed'}`);
}

async function readPrivate(path: string): Promise<string> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    throw refused(`${path} cannot be read (${cause.code})`);
  });
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) throw refused(`${path} is open to group or others: chmod 600 ${path}`);

    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, and secrets are in it.
    throw refused(`${path} is not JSON`);
  }
}

function refused(problem: string): ConfigError {
  return new ConfigError([`${VARIABLE} ${problem}`]);
}
