import type { IncomingMessage } from 'node:http';
import { Command, InvalidArgumentError, Option } from 'commander';
import { durationMs } from '../../pdp/config/values.ts';
import { type ClientTls, clientTls } from '../client-tls.ts';
import { EXIT } from '../errors.ts';
import { print } from '../output.ts';
import { sendRequest } from '../send-request.ts';
import { ADMINISTRATION, noAnswer, urlOf } from '../side.ts';

interface HealthcheckOptions {
  readonly live: boolean;
  /** In milliseconds. */
  readonly timeout: number;
  readonly serverName?: string;
  readonly json?: boolean;
}

/** One look at a server. */
interface Health {
  readonly check: 'ready' | 'live';
  readonly healthy: boolean;
  /** Why it is not; empty where it is. */
  readonly reasons: readonly string[];
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const DEFAULT_TIMEOUT_MS = 2_000;
/** In UTF-16 units; what is longer is not ours. */
const LONGEST_ANSWER = 65_536;

export function healthcheckCommand(): Command {
  return new Command('healthcheck')
    .option('--live', 'ask whether the process runs, not whether it should get calls', false)
    .addOption(
      new Option('--timeout <duration>', 'for all of it')
        .argParser(timeoutOf)
        .default(DEFAULT_TIMEOUT_MS, '2s'),
    )
    .option(
      '--server-name <name>',
      "name in the server's certificate, where it is not the address that is asked",
    )
    .option('--json', 'print JSON')
    .description(
      'Asks the server at PALISADE_ADMIN_URL whether it is ready; exit code 1 if it is not. Needs no token.',
    )
    .action(async (options: HealthcheckOptions) => {
      const admin = urlOf(ADMINISTRATION, process.env);
      const health = await look(admin, clientTls(ADMINISTRATION, admin, process.env), options);
      print(health, options.json, () => [lineOf(health)]);
      if (!health.healthy) process.exitCode = EXIT.failed;
    });
}

function timeoutOf(value: string): number {
  const { data } = durationMs.safeParse(value);
  if (data !== undefined && data > 0) return data;

  throw new InvalidArgumentError('It is a duration such as 2s or 500ms.');
}

async function look(
  admin: string,
  tls: ClientTls,
  { live, timeout, serverName }: HealthcheckOptions,
): Promise<Health> {
  const check = live ? 'live' : 'ready';
  const url = new URL(live ? '/livez' : '/readyz', admin);
  const late = AbortSignal.timeout(timeout);
  try {
    const named = serverName === undefined ? {} : { servername: serverName };
    const response = await sendRequest(url, { ...tls, ...named, method: 'GET', signal: late });
    const reasons = reasonsIn(check, { status: response.statusCode ?? 0, body: await bodyOf(response) });

    return { check, healthy: reasons.length === 0, reasons };
  } catch (thrown) {
    const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
    const reason = late.aborted
      ? `no answer from ${url.origin} within ${timeout} ms`
      : noAnswer(ADMINISTRATION, url, cause, tls.cert !== undefined);

    return { check, healthy: false, reasons: [reason] };
  }
}

/** As much of a body as an answer of ours can have. */
async function bodyOf(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += String(chunk);
    if (body.length > LONGEST_ANSWER) break;
  }

  return body;
}

/** Only an answer of Palisade's own is good: something else may listen there. */
function reasonsIn(check: Health['check'], { status, body }: Answer): readonly string[] {
  const answer = parsed(body);
  if (status === 200 && answer?.status === check) return [];
  if (answer?.status === 'not_ready' && Array.isArray(answer.reasons) && answer.reasons.length > 0) {
    return answer.reasons.map(String);
  }

  return [`the answer is ${status}, and not Palisade's`];
}

function parsed(body: string): { readonly status?: unknown; readonly reasons?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(body);

    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function lineOf({ check, healthy, reasons }: Health): string {
  return healthy ? check : `not ${check}: ${reasons.join('; ')}`;
}
