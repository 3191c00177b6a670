import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JsonValue, jsonText, parseExactJson } from '../ledger/json.ts';
import { readSecret } from '../pdp/config/secret.ts';
import { OTHER_VARIABLES } from '../pdp/config/variables.ts';
import { parseToken } from '../pdp/token.ts';
import { CliError, EXIT } from './errors.ts';

/** Speaks to the administration of a running Palisade. */
export interface AdminClient {
  /**
   * Sends one request and gives the answer's JSON, integers as bigint.
   * @throws CliError with what the server said, or how to reach it where it could not be.
   */
  request(method: Method, path: string, body?: AdminBody): Promise<unknown>;
  /**
   * Sends one request whose answer is lines of JSON, and gives them as they come.
   * @throws CliError as `request` does, also where the answer breaks off.
   */
  lines(method: Method, path: string, body?: AdminBody): AsyncGenerator<unknown>;
  /** Fetches bytes, at most `maxBytes`. @throws CliError as {@link AdminClient.request} does, and where there are more. */
  download(path: string, maxBytes: number): Promise<Uint8Array>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type AdminBody = { readonly json: JsonValue } | { readonly archive: Uint8Array };

/** A client of `PALISADE_ADMIN_URL`, with `PALISADE_TOKEN`, else the admin token that `palisade start` left. */
export function createAdminClient(environment: NodeJS.ProcessEnv = process.env): AdminClient {
  const url = adminUrl(environment);
  const token = readSecret('PALISADE_TOKEN', environment) ?? readTokenFile(environment);
  if (parseToken(token) === undefined) {
    throw new CliError('the admin token is not of the form pal_…; is all of it there?', EXIT.usage);
  }

  return {
    async request(method, path, body) {
      const text = await (await ask(method, path, body)).text();

      return text === '' ? undefined : parseExactJson(text);
    },

    async *lines(method, path, body) {
      const response = await ask(method, path, body);
      for await (const line of linesOf(response, url)) yield parseExactJson(line);
    },
    async download(path, maxBytes) {
      return readAtMost(await ask('GET', path, undefined), maxBytes);
    },
  };

  async function ask(method: Method, path: string, body: AdminBody | undefined): Promise<Response> {
    const response = await send(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${token}`, ...contentType(body) },
      ...(body === undefined
        ? {}
        : { body: 'json' in body ? jsonText(body.json) : Buffer.from(body.archive) }),
    });
    if (response.ok) return response;

    throw new CliError(problemText(response.status, await response.text()));
  }
}

/** What is left behind the last line's end is a line that was cut, and no answer. */
async function* linesOf(response: Response, url: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (thrown) {
    throw new CliError(`${new URL(url).origin} broke off its answer (${reasonOf(thrown)})`);
  }
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new CliError(`the server answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }

  return Buffer.concat(chunks);
}

/**
 * Where administration is: `PALISADE_ADMIN_URL`, else the default on loopback.
 * @throws CliError where it is no URL of HTTP.
 */
export function adminUrl(environment: NodeJS.ProcessEnv): string {
  const text = environment['PALISADE_ADMIN_URL'] ?? OTHER_VARIABLES.PALISADE_ADMIN_URL.default;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;

  throw new CliError(`PALISADE_ADMIN_URL is no URL such as http://127.0.0.1:7182: ${text}`, EXIT.usage);
}

/** What to say, and to advise, where nothing answers. */
export function noAnswer(url: URL, cause: NodeJS.ErrnoException): string {
  return `no answer from ${url.origin} (${cause.message}).\n${remedyOf(cause)}`;
}

function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? (thrown.cause ?? thrown) : thrown;

  return cause instanceof Error ? cause.message : String(cause);
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (thrown) {
    const cause: NodeJS.ErrnoException =
      thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : new Error(String(thrown));
    throw new CliError(noAnswer(url, cause));
  }
}

function remedyOf({ code = '' }: NodeJS.ErrnoException): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'Its certificate is for other names: use one of them in PALISADE_ADMIN_URL.';
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return 'Is it signed by an authority of your own? Then set NODE_EXTRA_CA_CERTS to its certificate.';
  }

  return 'Is Palisade running? Start it with `npm start`, or set PALISADE_ADMIN_URL.';
}

function readTokenFile(environment: NodeJS.ProcessEnv): string {
  const path = join(environment['PALISADE_HOME'] ?? OTHER_VARIABLES.PALISADE_HOME.default, 'admin.token');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new CliError(
      `no admin token: set PALISADE_TOKEN, or run this where ${path} is (\`npm start\` makes it).`,
    );
  }
}

function contentType(body: AdminBody | undefined): Record<string, string> {
  if (body === undefined) return {};

  return { 'content-type': 'json' in body ? 'application/json' : 'application/gzip' };
}

function problemText(status: number, text: string): string {
  try {
    const problem = JSON.parse(text) as { code?: string; detail?: string; report?: string };
    const head = `${problem.code ?? status}: ${problem.detail ?? ''}`;

    return problem.report === undefined ? head : `${head}\n${problem.report}`;
  } catch {
    return `the server answered ${status}`;
  }
}
