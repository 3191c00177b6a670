import { Command, InvalidArgumentError } from 'commander';
import { ADMINISTRATIVE_ROLES } from '../../store/credentials.ts';
import { AdminExistsError, type NamedCredential } from '../../store/make-admin.ts';
import { CliError } from '../errors.ts';
import { type NewAdmin, recordedAdminAsOwner } from '../make-admin.ts';
import { print } from '../output.ts';
import { writeNewToken } from '../private-token.ts';

interface RecoverOptions {
  readonly reason: string;
  readonly force: boolean;
  readonly revokeOthers: boolean;
  readonly tokenFile?: string;
  readonly json?: boolean;
}

/** What is answered; the token is in the file instead, where one is named. */
interface Recovered {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly token?: string;
  readonly token_file?: string;
  readonly revoked: readonly NamedCredential[];
  readonly record_id: string;
}

/** As long as a reason may be over REST. */
const REASON_UNITS = 1_024;

export function recoverCommand(): Command {
  return new Command('recover')
    .argument('<name>', 'of the new admin credential, as decisions are recorded under it')
    .requiredOption('--reason <text>', 'why, for the decision log', someText)
    .option('--force', 'also where an admin credential is good', false)
    .option('--revoke-others', 'revoke all other admin credentials at the same moment', false)
    .option('--token-file <file>', 'write the token to this new file, mode 0600, instead of printing it')
    .option('--json', 'print JSON')
    .description(
      'Makes an admin of all stores where none can be reached, straight in the database. Uses PALISADE_MIGRATE_DATABASE_URL, the role that owns the tables, and leaves a record in the decision log.',
    )
    .action(async (name: string, { json, ...options }: RecoverOptions) => {
      const answer = answerOf(await recover(name, options), name, options.tokenFile);
      print(answer, json, () => linesOf(answer));
    });
}

async function recover(
  name: string,
  { reason, force, revokeOthers, tokenFile }: RecoverOptions,
): Promise<NewAdmin> {
  try {
    return await recordedAdminAsOwner({
      maker: 'recover',
      name,
      reason,
      force,
      revokes: () => revokeOthers,
      ...(tokenFile === undefined ? {} : { keep: (token: string) => writeNewToken(tokenFile, token) }),
    });
  } catch (thrown) {
    if (!(thrown instanceof AdminExistsError)) throw thrown;

    throw new CliError(
      `${thrown.message}\nUse it, or add --force where its token or certificate is lost, and --revoke-others to end it`,
    );
  }
}

function answerOf({ id, token, revoked, recordId }: NewAdmin, name: string, tokenFile?: string): Recovered {
  return {
    id,
    name,
    roles: ADMINISTRATIVE_ROLES,
    ...(tokenFile === undefined ? { token } : { token_file: tokenFile }),
    revoked,
    record_id: recordId,
  };
}

function linesOf({ id, name, roles, token, token_file, revoked, record_id }: Recovered): string[] {
  const whose = `${roles.join(', ')} credential ${name} (${id})`;

  return [
    ...revoked.map((other) => `${other.name} (${other.id}) is revoked.`),
    `The decision log tells of it: palisade log show ${record_id}`,
    ...(token === undefined
      ? [`${whose}; its token is in ${token_file}.`]
      : [`${whose}; its token is shown only now:`, token]),
  ];
}

function someText(text: string): string {
  if (text.trim() !== '' && text.length <= REASON_UNITS) return text;

  throw new InvalidArgumentError(`It must say something, in at most ${REASON_UNITS} characters.`);
}
