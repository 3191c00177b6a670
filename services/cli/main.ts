import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { PdpError } from '../engine/error.ts';
import { ConfigError } from '../pdp/config/config-error.ts';
import { bundleCommand } from './commands/bundle.ts';
import { completionCommand } from './commands/completion.ts';
import { decideCommand } from './commands/decide.ts';
import { deployCommand } from './commands/deploy.ts';
import { entityCommand } from './commands/entity.ts';
import { evaluatorCommand } from './commands/evaluator.ts';
import { healthcheckCommand } from './commands/healthcheck.ts';
import { keyringCommand } from './commands/keyring.ts';
import { keysCommand } from './commands/keys.ts';
import { logCommand } from './commands/log.ts';
import { migrateCommand } from './commands/migrate.ts';
import { recoverCommand } from './commands/recover.ts';
import { replayCommand } from './commands/replay.ts';
import { serveCommand } from './commands/serve.ts';
import { startCommand } from './commands/start.ts';
import { storeCommand } from './commands/store.ts';
import { tokenCommand } from './commands/token.ts';
import { CliError, EXIT } from './errors.ts';
import { printable } from './output.ts';

const EPILOGUE = `
Exit codes: 0 done; 1 done, and the answer is no (problems found, a request refused); 2 wrong usage or configuration.
Commands that speak to a running Palisade use PALISADE_ADMIN_URL (default http://127.0.0.1:7182) and PALISADE_TOKEN, else
.palisade/admin.token. Every variable stands in docs/configuration.md.

First steps:
  npm start                                                   a whole Palisade with its own database, here
  npm exec -- palisade bundle check policies/coding-agent     what an author runs all day
  npm exec -- palisade log tail                               what was decided`;

/** Runs one command line and sets the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietly);
  try {
    await createProgram().parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    process.exitCode = report(thrown);
  }
}

/** Whoever read our output has seen enough, as `head` does. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
}

/** Every command with its options. */
export function createProgram(): Command {
  const program = new Command('palisade')
    .version(manifest.version)
    .description('A policy decision point for AI agents: Cedar bundles, gRPC and REST, a decision log.')
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', EPILOGUE)
    .exitOverride();

  for (const command of [
    startCommand(),
    serveCommand(),
    migrateCommand(),
    bundleCommand(),
    decideCommand(),
    deployCommand(),
    storeCommand(),
    entityCommand(),
    tokenCommand(),
    recoverCommand(),
    logCommand(),
    replayCommand(),
    evaluatorCommand(),
    keysCommand(),
    keyringCommand(),
    healthcheckCommand(),
    completionCommand(),
  ]) {
    program.addCommand(inheritExit(command));
  }

  return program;
}

/** Commander would end the process by itself in a subcommand. */
function inheritExit(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) inheritExit(child);

  return command;
}

function report(thrown: unknown): number {
  // Commander has printed its own message, and help is no error.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (thrown instanceof CliError) return fail(thrown.message, thrown.exitCode);
  if (thrown instanceof ConfigError) return fail(thrown.message, EXIT.usage);
  if (thrown instanceof PdpError)
    return fail(`${thrown.code}: ${thrown.message}${causeText(thrown)}`, EXIT.failed);

  // The operating system's answer names the file or address; where we asked it helps nobody.
  if (thrown instanceof Error && 'syscall' in thrown) return fail(thrown.message, EXIT.failed);

  return fail(thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown), EXIT.failed);
}

/** Whoever runs a command owns the machine: the private cause helps and reveals nothing. */
function causeText({ cause }: PdpError): string {
  return cause instanceof Error && cause.message !== '' ? `\n  cause: ${cause.message}` : '';
}

function fail(message: string, exitCode: number): number {
  process.stderr.write(`palisade: ${printable(message)}\n`);

  return exitCode;
}
