import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { type JsonValue, jsonText, parseExactJson } from '../ledger/json.ts';
import { readSecret } from '../pdp/config/secret.ts';
import { OTHER_VARIABLES } from '../pdp/config/variables.ts';
import { parseToken } from '../pdp/token.ts';
import { clientTls } from './client-tls.ts';
import { CliError, EXIT } from './errors.ts';
import { sendRequest } from './send-request.ts';

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

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** JSON, JSON that is text already and stays what it is, or an archive. */
export type AdminBody =
  | { readonly json: JsonValue }
  | { readonly text: string }
  | { readonly archive: Uint8Array };

/**
 * A client of `PALISADE_ADMIN_URL`, with `PALISADE_TOKEN` or the certificate `PALISADE_CLIENT_CERT`, else the admin token that
 * `palisade start` left.
 */
export function createAdminClient(environment: NodeJS.ProcessEnv = process.env): AdminClient {
  const url = adminUrl(environment);
  const tls = clientTls(url, environment);
  const given = readSecret('PALISADE_TOKEN', environment);
  const token = given ?? (tls.cert === undefined ? readTokenFile(environment) : undefined);
  if (token !== undefined && parseToken(token) === undefined) {
    throw new CliError('the admin token is not of the form pal_…; is all of it there?', EXIT.usage);
  }
  const proof = token === undefined ? {} : { authorization: `Bearer ${token}` };

  return {
    async request(method, path, body) {
      const text = await textOf(await ask(method, path, body));

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

  async function ask(method: Method, path: string, body: AdminBody | undefined): Promise<IncomingMessage> {
    const target = new URL(path, url);
    const response = await sendRequest(target, {
      ...tls,
      method,
      headers: { ...proof, ...contentType(body) },
      ...(body === undefined ? {} : { body: bytesOf(body) }),
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new CliError(noAnswer(target, cause, tls.cert !== undefined));
    });
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;

    throw new CliError(problemText(statusCode, await textOf(response)));
  }
}

/** What is left behind the last line's end is a line that was cut, and no answer. */
async function* linesOf(response: IncomingMessage, url: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const text of response.setEncoding('utf8')) {
      const lines = (rest + String(text)).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (thrown) {
    throw new CliError(`${new URL(url).origin} broke off its answer (${reasonOf(thrown)})`);
  }
}

async function readAtMost(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
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

/**
 * What to say, and to advise, where nothing answers.
 * @param certified whether a client certificate was shown.
 */
export function noAnswer(url: URL, cause: NodeJS.ErrnoException, certified = false): string {
  return `no answer from ${url.origin} (${cause.message}).\n${remedyOf(cause, url, certified)}`;
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function remedyOf({ code = '' }: NodeJS.ErrnoException, { protocol }: URL, certified: boolean): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'Its certificate is for other names: use one of them in PALISADE_ADMIN_URL.';
  }
  if (code === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') {
    return 'It lets in nobody without a certificate: set PALISADE_CLIENT_CERT and PALISADE_CLIENT_KEY.';
  }
  if (certified && (code === 'ECONNRESET' || code === 'EPIPE')) {
    return 'Did it refuse PALISADE_CLIENT_CERT? That must be valid now, and signed by an authority in its PALISADE_TLS_CLIENT_CA_FILE; its log says which of them is not so.';
  }
  if (/CERT|SIGNATURE|ISSUER/.test(code)) {
    return 'Is it signed by an authority of your own? Then set PALISADE_CA (or NODE_EXTRA_CA_CERTS) to its certificate.';
  }
  if (protocol === 'http:' && code === 'ECONNRESET') {
    return 'Does it speak TLS there? Then PALISADE_ADMIN_URL begins with https.';
  }

  return 'Is Palisade running? Start it with `npm start`, or set PALISADE_ADMIN_URL.';
}

function readTokenFile(environment: NodeJS.ProcessEnv): string {
  const path = join(environment['PALISADE_HOME'] ?? OTHER_VARIABLES.PALISADE_HOME.default, 'admin.token');
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new CliError(
      `no admin token: set PALISADE_TOKEN or PALISADE_CLIENT_CERT, or run this where ${path} is (\`npm start\` makes it).`,
    );
  }
}

function contentType(body: AdminBody | undefined): Record<string, string> {
  if (body === undefined) return {};

  return { 'content-type': 'archive' in body ? 'application/gzip' : 'application/json' };
}

function bytesOf(body: AdminBody): Uint8Array {
  if ('archive' in body) return body.archive;

  return Buffer.from('json' in body ? jsonText(body.json) : body.text);
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
