import { CommanderError } from 'commander';
import { PdpError } from '../engine/error.ts';
import { ConfigError } from '../pdp/config/config-error.ts';
import { CliError, EXIT } from './errors.ts';
import { printable } from './output.ts';
import { programFor } from './program.ts';

/** Runs one command line and sets the exit code; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', endQuietly);
  try {
    const program = await programFor(argv);
    await program.parseAsync([...argv], { from: 'user' });
  } catch (thrown) {
    process.exitCode = report(thrown);
  }
}

/** Whoever read our output has seen enough, as `head` does. */
function endQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
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
