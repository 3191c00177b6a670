import { Command, InvalidArgumentError, Option } from 'commander';
import { parseUidText } from '../../bundles/uid-text.ts';
import { isTypeName } from '../../engine/data/type-name.ts';
import type { JsonValue } from '../../ledger/json.ts';
import { ADMINISTRATIVE_ROLES, ROLES, type Role } from '../../store/credentials.ts';
import { AdminExistsError } from '../../store/make-admin.ts';
import { type CertificateProof, certificateProof } from '../certificate-proof.ts';
import { createAdminClient } from '../client.ts';
import { CliError, EXIT } from '../errors.ts';
import { recordedAdminAsOwner } from '../make-admin.ts';
import { print, table } from '../output.ts';

interface PrincipalRule {
  readonly type: string;
  readonly ids?: readonly string[];
}

interface CredentialAnswer {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly stores: readonly string[];
  readonly principals?: readonly PrincipalRule[];
  readonly full_detail: boolean;
  readonly certificate?: CertificateProof;
  /** Absent: the server's default. */
  readonly rate_limit?: { readonly rate_per_second: bigint; readonly burst: bigint };
  readonly created_at: string;
  readonly expires_at?: string;
  readonly revoked_at?: string;
}

interface CreateOptions {
  readonly role?: readonly Role[];
  readonly store: readonly string[];
  readonly principal: readonly string[];
  readonly fullDetail: boolean;
  readonly expires?: string;
  readonly rate?: bigint;
  readonly burst?: bigint;
  readonly certificateSan?: string;
  readonly certificate?: string;
  readonly bootstrap: boolean;
  readonly json?: boolean;
}

export function tokenCommand(): Command {
  const command = new Command('token').description(
    'Credentials: who may ask, for which principals, and who administers.',
  );

  command
    .command('create')
    .argument('<name>', 'the stable name that decisions are recorded under')
    .addOption(
      new Option(
        '--role <role...>',
        'what it is for; all but runtime go together (default: runtime)',
      ).choices(ROLES),
    )
    .option('--store <store...>', 'the policy stores that it names; but for runtime, * is all of them', [
      'default',
    ])
    .option(
      '--principal <rule...>',
      'what it may speak for: a type such as Agent, or one entity such as Agent::"build-bot"; left out: any',
      [],
    )
    .option('--full-detail', 'may ask which policies decided; never for an agent itself', false)
    .option('--expires <time>', 'RFC 3339, such as 2027-01-01T00:00:00Z')
    .option(
      '--rate <n>',
      'how many requests a second it may ask, a batch counting each of its own',
      wholeNumber,
    )
    .option('--burst <n>', 'how many at once; left out: as many as in a second', wholeNumber)
    .option(
      '--certificate-san <name>',
      'what proves it instead of a token: a client certificate with this name, such as URI:spiffe://… or DNS:…',
    )
    .option('--certificate <file>', 'the same, by the name and the public key of this one (PEM)')
    .addOption(
      new Option(
        '--bootstrap',
        'make the first admin, of all stores, straight in the database (PALISADE_MIGRATE_DATABASE_URL)',
      )
        .default(false)
        .conflicts([
          ...['role', 'store', 'principal', 'fullDetail', 'expires', 'rate', 'burst'],
          ...['certificateSan', 'certificate'],
        ]),
    )
    .option('--json', 'print JSON')
    .description('Makes a credential and prints its token, once, unless a client certificate proves it.')
    .action(async (name: string, options: CreateOptions) => {
      const answer = options.bootstrap ? await bootstrap(name) : await create(name, options);
      print(answer, options.json, () => createdLines(answer));
    });

  command
    .command('list')
    .option('--json', 'print JSON')
    .description('Lists credentials, revoked and expired ones too; never their tokens.')
    .action(async ({ json }: { json?: boolean }) => {
      const answer = (await createAdminClient().request('GET', '/v1/credentials')) as {
        credentials: readonly CredentialAnswer[];
      };
      print(answer, json, () => listLines(answer.credentials));
    });

  command
    .command('revoke')
    .argument('<id>', 'from `token list`')
    .option('--json', 'print JSON')
    .description('Revokes a credential for good; every running process refuses it within a second.')
    .action(async (id: string, { json }: { json?: boolean }) => {
      const answer = await createAdminClient().request('DELETE', `/v1/credentials/${encodeURIComponent(id)}`);
      print(answer, json, () => [`${id} is revoked.`]);
    });

  return command;
}

interface Created {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  /** Absent where a certificate proves it. */
  readonly token?: string;
  readonly certificate?: CertificateProof;
  /** Where no server was asked. */
  readonly record_id?: string;
}

function createdLines({ id, name, roles, token, certificate }: Created): string[] {
  const credential = `${roles.join(', ')} credential ${name} (${id})`;
  if (token !== undefined) return [`${credential}; its token is shown only now:`, token];

  return [
    `${credential}; a client certificate proves it:`,
    certificate === undefined ? '' : proofText(certificate),
  ];
}

function proofText({ san, public_key }: CertificateProof): string {
  return public_key === undefined ? san : `${san}, ${public_key}`;
}

async function bootstrap(name: string): Promise<Created> {
  try {
    const { id, token, recordId } = await recordedAdminAsOwner({
      maker: 'bootstrap',
      name,
      reason: 'no admin credential was good',
      force: false,
      revokes: () => false,
    });

    return { id, name, roles: ADMINISTRATIVE_ROLES, token, record_id: recordId };
  } catch (thrown) {
    if (!(thrown instanceof AdminExistsError)) throw thrown;

    throw new CliError(
      `${thrown.message}\nIt makes further ones; where its token or certificate is lost, see palisade recover`,
    );
  }
}

async function create(name: string, options: CreateOptions): Promise<Created> {
  const { rate, burst } = options;
  if (rate === undefined && burst !== undefined) {
    throw new CliError('--burst needs --rate beside it', EXIT.usage);
  }
  const certificate = await certificateProof(options.certificateSan, options.certificate);
  const answer = await createAdminClient().request('POST', '/v1/credentials', {
    json: {
      name,
      roles: options.role ?? ['runtime'],
      stores: options.store,
      ...(options.principal.length === 0 ? {} : { principals: options.principal.map(ruleOf) }),
      full_detail: options.fullDetail,
      ...(certificate === undefined ? {} : { certificate: { ...certificate } }),
      ...(options.expires === undefined ? {} : { expires_at: options.expires }),
      ...(rate === undefined
        ? {}
        : { rate_limit: { rate_per_second: rate, ...(burst === undefined ? {} : { burst }) } }),
    },
  });

  return answer as Created;
}

function wholeNumber(text: string): bigint {
  if (/^[1-9]\d{0,6}$/.test(text)) return BigInt(text);

  throw new InvalidArgumentError('It must be a whole number from 1 to 1000000.');
}

function ruleOf(text: string): JsonValue {
  if (isTypeName(text)) return { type: text };
  const uid = parseUidText(text);
  if (uid !== undefined) return { type: uid.type, ids: [uid.id] };

  throw new CliError(
    `${text} is neither a type such as Agent nor an entity such as Agent::"build-bot"`,
    EXIT.usage,
  );
}

function listLines(credentials: readonly CredentialAnswer[]): string[] {
  return table([
    ['ID', 'NAME', 'ROLES', 'STORES', 'SPEAKS FOR', 'PROVED BY', 'RATE', 'STATE'],
    ...credentials.map((one) => [
      one.id,
      one.name,
      one.roles.join(','),
      one.stores.join(','),
      one.principals?.flatMap(ruleTexts).join(' ') ?? 'any',
      one.certificate === undefined
        ? 'token'
        : `${one.certificate.san}${one.certificate.public_key === undefined ? '' : ' (one key)'}`,
      rateText(one),
      stateOf(one),
    ]),
  ]);
}

function ruleTexts({ type, ids }: PrincipalRule): readonly string[] {
  return ids === undefined ? [type] : ids.map((id) => `${type}::${JSON.stringify(id)}`);
}

function rateText({ rate_limit }: CredentialAnswer): string {
  if (rate_limit === undefined) return 'default';

  return `${rate_limit.rate_per_second}/s, ${rate_limit.burst} at once`;
}

function stateOf({ revoked_at, expires_at }: CredentialAnswer): string {
  if (revoked_at !== undefined) return `revoked ${revoked_at}`;
  if (expires_at === undefined) return 'good';

  return Date.parse(expires_at) <= Date.now() ? `expired ${expires_at}` : `good until ${expires_at}`;
}
