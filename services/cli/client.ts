import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseExactJson } from '../ledger/json.ts';
import { CliError } from './errors.ts';

const DEFAULT_URL = 'http://127.0.0.1:7182';

/** Speaks to the administration of a running Palisade. */
export interface AdminClient {
  /**
   * Sends one request and gives the answer's JSON, integers as bigint.
   * @throws CliError with what the server said, or how to reach it where it could not be.
   */
  request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: AdminBody): Promise<unknown>;
}

export type AdminBody = { readonly json: unknown } | { readonly archive: Uint8Array };

/** A client of `PALISADE_ADMIN_URL`, with `PALISADE_TOKEN`, else the admin token that `palisade start` left. */
export function createAdminClient(environment: NodeJS.ProcessEnv = process.env): AdminClient {
  const url = environment['PALISADE_ADMIN_URL'] ?? DEFAULT_URL;
  const token = environment['PALISADE_TOKEN'] ?? readTokenFile(environment);

  return {
    async request(method, path, body) {
      const response = await send(new URL(path, url), {
        method,
        headers: { authorization: `Bearer ${token}`, ...contentType(body) },
        ...(body === undefined
          ? {}
          : { body: 'json' in body ? JSON.stringify(body.json) : Buffer.from(body.archive) }),
      });
      const text = await response.text();
      if (response.ok) return text === '' ? undefined : parseExactJson(text);

      throw new CliError(problemText(response.status, text));
    },
  };
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (thrown) {
    const cause =
      thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.message : String(thrown);
    throw new CliError(
      `no answer from ${url.origin} (${cause}).\nIs Palisade running? Start it with \`npm start\`, or set PALISADE_ADMIN_URL.`,
    );
  }
}

function readTokenFile(environment: NodeJS.ProcessEnv): string {
  const path = join(environment['PALISADE_HOME'] ?? '.palisade', 'admin.token');
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
