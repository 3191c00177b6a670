import type { IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { type JsonValue, jsonText, parseExactJson } from '../ledger/json.ts';
import { clientTls } from './client-tls.ts';
import { CliError } from './errors.ts';
import { sendRequest } from './send-request.ts';
import { ADMINISTRATION, DECISIONS, noAnswer, type Side, tokenFor, urlOf } from './side.ts';

/** Speaks to a running Palisade over REST. */
export interface Client {
  /**
   * Sends one request and gives the answer's JSON, integers as bigint.
   * @throws CliError with what the server said, or how to reach it where it could not be.
   */
  request(method: Method, path: string, body?: ClientBody): Promise<unknown>;
  /**
   * Sends one request whose answer is lines of JSON, and gives them as they come.
   * @throws CliError as `request` does, also where the answer breaks off.
   */
  lines(method: Method, path: string, body?: ClientBody): AsyncGenerator<unknown>;
  /** Fetches bytes, at most `maxBytes`. @throws CliError as {@link Client.request} does, and where there are more. */
  download(path: string, maxBytes: number): Promise<Uint8Array>;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** JSON, JSON that is text already and stays what it is, or an archive. */
export type ClientBody =
  | { readonly json: JsonValue }
  | { readonly text: string }
  | { readonly archive: Uint8Array };

/**
 * A client of `PALISADE_ADMIN_URL`, with `PALISADE_TOKEN` or the certificate `PALISADE_CLIENT_CERT`, else the admin token that
 * `palisade start` left.
 * @throws CliError as {@link urlOf}, {@link clientTls} and {@link tokenFor} do.
 */
export function createAdminClient(environment: NodeJS.ProcessEnv = process.env): Client {
  return createClient(ADMINISTRATION, environment);
}

/** The same of `PALISADE_URL`, where runtimes ask, with the runtime token that `palisade start` left. @throws as that does. */
export function createRuntimeClient(environment: NodeJS.ProcessEnv = process.env): Client {
  return createClient(DECISIONS, environment);
}

function createClient(side: Side, environment: NodeJS.ProcessEnv): Client {
  const url = urlOf(side, environment);
  const tls = clientTls(side, url, environment);
  const token = tokenFor(side, environment, tls.cert !== undefined);
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

  async function ask(method: Method, path: string, body: ClientBody | undefined): Promise<IncomingMessage> {
    const target = new URL(path, url);
    const response = await sendRequest(target, {
      ...tls,
      method,
      headers: { ...proof, ...contentType(body) },
      ...(body === undefined ? {} : { body: bytesOf(body) }),
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new CliError(noAnswer(side, target, cause, tls.cert !== undefined));
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

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function contentType(body: ClientBody | undefined): Record<string, string> {
  if (body === undefined) return {};

  return { 'content-type': 'archive' in body ? 'application/gzip' : 'application/json' };
}

function bytesOf(body: ClientBody): Uint8Array {
  if ('archive' in body) return body.archive;

  return Buffer.from('json' in body ? jsonText(body.json) : body.text);
}

interface Problem {
  readonly code?: string;
  readonly detail?: string;
  readonly report?: string;
  readonly retry_after_ms?: number;
}

function problemText(status: number, text: string): string {
  try {
    const { code, detail = '', report, retry_after_ms: wait } = JSON.parse(text) as Problem;
    const later = wait === undefined ? [] : [`Try again in ${wait} ms.`];

    return [`${code ?? status}: ${detail}`, ...(report === undefined ? later : [report, ...later])].join(
      '\n',
    );
  } catch {
    return `the server answered ${status}`;
  }
}
