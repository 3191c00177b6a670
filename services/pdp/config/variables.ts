import type { z } from 'zod';
import { EVALUATORS } from '../../engine/evaluator.ts';
import {
  address,
  bytes,
  durationMs,
  hostNames,
  oneOf,
  onOff,
  postgresUrl,
  processes,
  rateLimit,
  share,
  text,
} from './values.ts';

/** One environment variable: how it is read, what stands in for it, and why it exists. */
export interface Variable<T> {
  readonly schema: z.ZodType<T, string>;
  /** Text that stands in where the variable is absent; `undefined`: it is required. `null`: absent is a value. */
  readonly default: string | null | undefined;
  /** A secret may also be given as the path of a file, in the variable's name with `_FILE` behind it. */
  readonly secret: boolean;
  readonly why: string;
}

/** Every variable that `palisade serve` reads. The table in docs/configuration.md is generated from this one. */
export const VARIABLES = {
  PALISADE_DATABASE_URL: secret(
    postgresUrl,
    undefined,
    'PostgreSQL 15 or newer, as the serving role: bundles, deployments, credentials, the decision log.',
  ),
  PALISADE_REST_ADDRESS: plain(address, '127.0.0.1:7180', 'Where REST decisions are served.'),
  PALISADE_GRPC_ADDRESS: plain(address, '127.0.0.1:7181', 'Where gRPC decisions are served.'),
  PALISADE_ADMIN_ADDRESS: plain(address, '127.0.0.1:7182', 'Where administration and operations are served.'),
  PALISADE_TLS_CERT_FILE: plain(
    text,
    null,
    'Certificate chain, PEM. Needed, with its key, for any address that is not loopback.',
  ),
  PALISADE_TLS_KEY_FILE: plain(text, null, 'Private key of that certificate, PEM, mode 0600.'),
  PALISADE_TLS_CLIENT: plain(
    oneOf('off', 'optional', 'required'),
    'off',
    'Whether clients are asked for a certificate, on loopback too; `required`: none connects without one.',
  ),
  PALISADE_TLS_CLIENT_CA_FILE: plain(
    text,
    null,
    'Certificates of the authorities, PEM, that sign those of clients; needed where clients are asked for one.',
  ),
  PALISADE_ALLOWED_HOSTS: plain(
    hostNames,
    null,
    'Further names, separated by commas, that an HTTP Host header may carry; loopback names always may.',
  ),
  PALISADE_APPROVAL_URL: plain(
    text,
    null,
    'Where people answer an approval, for replies to name: an address with `{approval_id}` in it.',
  ),
  PALISADE_ANONYMOUS: plain(
    oneOf('loopback', 'off'),
    'loopback',
    'Whether decisions may go without a credential over loopback; `off` on a host where others have accounts.',
  ),
  PALISADE_RATE_LIMIT: plain(
    rateLimit,
    null,
    'Requests a second, and at once, of each runtime credential that names no limit of its own, and of all anonymous callers together, such as `50:200`; absent: no limit.',
  ),
  PALISADE_SPOOL_DIR: plain(
    text,
    undefined,
    'Persistent folder for decision records on their way to PostgreSQL. It is state: losing it loses records.',
  ),
  PALISADE_SPOOL_MAX_BYTES: plain(
    bytes,
    '1073741824',
    'What the spool of one process may hold; full, it fails closed.',
  ),
  PALISADE_SPOOL_LOST_HOSTS: plain(
    hostNames,
    null,
    'Hosts, separated by commas, that are gone for good and whose records in this spool may be taken over.',
  ),
  PALISADE_DURABILITY: plain(
    oneOf('durable', 'flushed', 'async'),
    'durable',
    'What a decision record survives before its reply leaves: power loss, a kill, or nothing.',
  ),
  PALISADE_PROCESS_ID: plain(
    text,
    null,
    'Names this process in the decision log and its folder in the spool; made from host name and port where absent.',
  ),
  PALISADE_PROCESSES: plain(
    processes,
    '1',
    'Processes that make decisions on the same addresses, `auto`: one for each core; more than one are looked after by one more.',
  ),
  PALISADE_KEYRING_FILE: plain(
    text,
    undefined,
    'Key-encryption keys for the inputs of decision records, mode 0600; `palisade keyring create` makes one.',
  ),
  PALISADE_SNAPSHOT: plain(
    onOff,
    'on',
    'Whether what PostgreSQL says is kept on the disk, encrypted with the keyring, for a start without PostgreSQL.',
  ),
  PALISADE_SNAPSHOT_DIR: plain(
    text,
    null,
    'Folder for that; `snapshots` in the folder of the spool where absent. Persistent, and of this account alone.',
  ),
  PALISADE_MAX_STALENESS: plain(
    durationMs,
    '1h',
    'How long decisions go on from memory while PostgreSQL cannot be reached; then they are unavailable.',
  ),
  PALISADE_POLL_INTERVAL: plain(
    durationMs,
    '500ms',
    'How often PostgreSQL is asked for changes; a notification only makes it sooner.',
  ),
  PALISADE_REFLECTION: plain(onOff, 'off', 'Whether gRPC reflection is served.'),
  PALISADE_DRAIN_DELAY: plain(
    durationMs,
    '0s',
    'Time between reporting not ready and refusing new calls at SIGTERM, for a load balancer to notice.',
  ),
  PALISADE_SHUTDOWN_TIMEOUT: plain(
    durationMs,
    '10s',
    'What calls in flight get at SIGTERM before they are cut.',
  ),
  PALISADE_EVALUATOR: plain(
    oneOf(...EVALUATORS),
    'compiled',
    "What judges: policies compiled to closures, held against Cedar's own evaluator on every bundle, or that evaluator itself.",
  ),
  PALISADE_VERIFY_SAMPLE: plain(
    share,
    '0.001',
    "Share of the decisions by the compiled evaluator that Cedar's judges again, in a thread of its own; 0: none.",
  ),
  PALISADE_WEBHOOKS_FILE: plain(
    text,
    null,
    'Who is told of approvals and break-glass, JSON, mode 0600: it holds secrets; absent: nobody.',
  ),
  PALISADE_TRACE_DENIES: plain(
    oneOf('sampled', 'always'),
    'sampled',
    'Whether the trace of each deny and each error is kept, or only what OTEL_TRACES_SAMPLER keeps.',
  ),
  PALISADE_LOG_LEVEL: plain(
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'Least severe level of the process log on standard output.',
  ),
} as const;

/** Variables that other commands read; `serve` neither reads nor minds them. */
export const OTHER_VARIABLES = {
  PALISADE_MIGRATE_DATABASE_URL: secret(
    postgresUrl,
    null,
    'The migration role of the same database: `palisade migrate`, `palisade recover` and `token create --bootstrap` need it; `start` uses it where the database is not its own.',
  ),
  PALISADE_ADMIN_URL: plain(
    text,
    'http://127.0.0.1:7182',
    'Where commands find the administration of a running Palisade.',
  ),
  PALISADE_URL: plain(
    text,
    'http://127.0.0.1:7180',
    'Where `palisade run` and `outcome` find it as runtimes do, over REST.',
  ),
  PALISADE_TOKEN: secret(
    text,
    null,
    'The token of those commands; where it is absent, they read `admin.token` in `PALISADE_HOME`, and `run` and `outcome` `runtime.token`.',
  ),
  PALISADE_CA: plain(
    text,
    null,
    "Certificates of the authorities, PEM, that may have signed the server's; absent: those that Node knows.",
  ),
  PALISADE_CLIENT_CERT: plain(
    text,
    null,
    'Certificate, PEM, that those commands show instead of a token, or beside `PALISADE_TOKEN`.',
  ),
  PALISADE_CLIENT_KEY: plain(text, null, 'Private key of that certificate, PEM, mode 0600.'),
  PALISADE_HOME: plain(
    text,
    '.palisade',
    'Folder of `palisade start`: its database, spool, keyring and tokens.',
  ),
} as const;

export type VariableName = keyof typeof VARIABLES;

function plain<T, const D extends string | null | undefined>(
  schema: z.ZodType<T, string>,
  fallback: D,
  why: string,
) {
  return { schema, default: fallback, secret: false, why } as const;
}

function secret<T, const D extends string | null | undefined>(
  schema: z.ZodType<T, string>,
  fallback: D,
  why: string,
) {
  return { schema, default: fallback, secret: true, why } as const;
}
