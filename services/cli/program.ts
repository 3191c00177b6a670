import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };

const EPILOGUE = `
Exit codes: 0 done; 1 done, and the answer is no (problems found, a request refused); 2 wrong usage or configuration.
Commands that speak to a running Palisade use PALISADE_ADMIN_URL (default http://127.0.0.1:7182) and PALISADE_TOKEN, else
.palisade/admin.token; run and outcome use PALISADE_URL (default http://127.0.0.1:7180), and .palisade/runtime.token. Every
variable stands in docs/configuration.md.

First steps:
  npm start                                                   a whole Palisade with its own database, here
  npm exec -- palisade bundle check policies/coding-agent     what an author runs all day
  npm exec -- palisade log tail                               what was decided`;

/** In the order of the help. Each is imported when it is asked for: all of them take longer than most of them run. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./commands/start.ts')).startCommand(),
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  migrate: async () => (await import('./commands/migrate.ts')).migrateCommand(),
  bundle: async () => (await import('./commands/bundle.ts')).bundleCommand(),
  decide: async () => (await import('./commands/decide.ts')).decideCommand(),
  deploy: async () => (await import('./commands/deploy.ts')).deployCommand(),
  store: async () => (await import('./commands/store.ts')).storeCommand(),
  entity: async () => (await import('./commands/entity.ts')).entityCommand(),
  'break-glass': async () => (await import('./commands/break-glass.ts')).breakGlassCommand(),
  approval: async () => (await import('./commands/approval.ts')).approvalCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  outcome: async () => (await import('./commands/outcome.ts')).outcomeCommand(),
  token: async () => (await import('./commands/token.ts')).tokenCommand(),
  recover: async () => (await import('./commands/recover.ts')).recoverCommand(),
  log: async () => (await import('./commands/log.ts')).logCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  evaluator: async () => (await import('./commands/evaluator.ts')).evaluatorCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
  keyring: async () => (await import('./commands/keyring.ts')).keyringCommand(),
  healthcheck: async () => (await import('./commands/healthcheck.ts')).healthcheckCommand(),
  completion: async () => (await import('./commands/completion.ts')).completionCommand(),
};

/** `palisade` with the command that a line begins with, or with every one: for the help, a wrong name, and what completes them all. */
export function programFor([name = '']: readonly string[]): Promise<Command> {
  const command = Object.hasOwn(COMMANDS, name) && name !== 'completion' ? COMMANDS[name] : undefined;

  return command === undefined ? createProgram() : programOf([command]);
}

/** Every command with its options. */
export function createProgram(): Promise<Command> {
  return programOf(Object.values(COMMANDS));
}

async function programOf(commands: readonly (() => Promise<Command>)[]): Promise<Command> {
  const program = new Command('palisade')
    .version(manifest.version)
    .description('A policy decision point for AI agents: Cedar bundles, gRPC and REST, a decision log.')
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', EPILOGUE)
    .exitOverride();
  for (const command of await Promise.all(commands.map((read) => read()))) {
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
