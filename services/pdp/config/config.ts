import type { z } from 'zod';
import { ConfigError } from './config-error.ts';
import { readSecret } from './secret.ts';
import { OTHER_VARIABLES, VARIABLES, type Variable, type VariableName } from './variables.ts';

type ValueOf<V> = V extends { schema: z.ZodType<infer T>; default: infer D }
  ? null extends D
    ? T | undefined
    : T
  : never;

/** The whole configuration, read once and frozen; a variable that may be absent is `undefined`. */
export type Config = { readonly [N in VariableName]: ValueOf<(typeof VARIABLES)[N]> };

/** Says whether a process may listen as configured; see {@link readConfig}. */
export interface ConfigOptions {
  /** Addresses that are not loopback may go without TLS; never the administration's. */
  readonly insecure: boolean;
}

/**
 * Reads the configuration from the environment.
 * @throws ConfigError listing every problem: absent, malformed and unknown variables, and settings that contradict.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  options: ConfigOptions = { insecure: false },
): Config {
  const problems = unknownVariables(environment);
  const values: Record<string, unknown> = {};
  for (const [name, variable] of Object.entries(VARIABLES)) {
    values[name] = readVariable(name, variable, environment, problems);
  }
  // Contradictions are only looked for between values that were read.
  if (problems.length === 0) problems.push(...contradictions(values as Config, options));
  if (problems.length > 0) throw new ConfigError(problems);

  return Object.freeze(values) as Config;
}

function readVariable(
  name: string,
  variable: Variable<unknown>,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): unknown {
  const given = variable.secret ? secretText(name, environment, problems) : environment[name];
  const text = given ?? variable.default;
  if (text === null) return undefined;
  if (text === undefined) {
    problems.push(`${name} is required: ${variable.why}`);
    return undefined;
  }

  const parsed = variable.schema.safeParse(text);
  if (parsed.success) return parsed.data;

  for (const { message } of parsed.error.issues) problems.push(`${name} ${message}`);
  return undefined;
}

function secretText(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): string | undefined {
  try {
    return readSecret(name, environment);
  } catch (thrown) {
    if (!(thrown instanceof ConfigError)) throw thrown;
    problems.push(...thrown.problems);

    return undefined;
  }
}

/** A misspelt setting must not pass for one that was made. */
function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set<string>();
  for (const [name, { secret }] of Object.entries({ ...VARIABLES, ...OTHER_VARIABLES })) {
    known.add(name);
    if (secret) known.add(`${name}_FILE`);
  }

  return Object.keys(environment)
    .filter((name) => name.startsWith('PALISADE_') && !name.startsWith('PALISADE_TEST_') && !known.has(name))
    .map((name) => `${name} is not a variable that Palisade knows; see docs/configuration.md`);
}

function contradictions(config: Config, { insecure }: ConfigOptions): string[] {
  const problems: string[] = [];
  const tls = config.PALISADE_TLS_CERT_FILE !== undefined;
  if (tls !== (config.PALISADE_TLS_KEY_FILE !== undefined)) {
    problems.push('PALISADE_TLS_CERT_FILE and PALISADE_TLS_KEY_FILE go together');
  }

  const asks = config.PALISADE_TLS_CLIENT !== 'off';
  const authorities = config.PALISADE_TLS_CLIENT_CA_FILE !== undefined;
  if (asks && !(tls && authorities)) {
    problems.push(
      `PALISADE_TLS_CLIENT=${config.PALISADE_TLS_CLIENT} needs PALISADE_TLS_CLIENT_CA_FILE, PALISADE_TLS_CERT_FILE and PALISADE_TLS_KEY_FILE`,
    );
  }
  if (!asks && authorities) {
    problems.push(
      'PALISADE_TLS_CLIENT_CA_FILE is of no use: set PALISADE_TLS_CLIENT to optional or required',
    );
  }

  for (const name of ['PALISADE_REST_ADDRESS', 'PALISADE_GRPC_ADDRESS', 'PALISADE_ADMIN_ADDRESS'] as const) {
    if (config[name].loopback || tls) continue;
    if (insecure && name !== 'PALISADE_ADMIN_ADDRESS') continue;
    const remedy = name === 'PALISADE_ADMIN_ADDRESS' ? '' : ', or --insecure on a network that you trust';
    problems.push(`${name} is not loopback: set PALISADE_TLS_CERT_FILE and PALISADE_TLS_KEY_FILE${remedy}`);
  }

  if (config.PALISADE_POLL_INTERVAL < 10) problems.push('PALISADE_POLL_INTERVAL must be at least 10ms');
  if (config.PALISADE_MAX_STALENESS < config.PALISADE_POLL_INTERVAL) {
    problems.push('PALISADE_MAX_STALENESS must not be shorter than PALISADE_POLL_INTERVAL');
  }

  return problems;
}
