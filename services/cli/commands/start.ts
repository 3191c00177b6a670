import { Command } from 'commander';

export function startCommand(): Command {
  return new Command('start')
    .description(
      'Starts a whole Palisade here: its own PostgreSQL under .palisade/, the starter bundle deployed, tokens made, all ports open. For trying and developing; `serve` is the entry for production.',
    )
    .action(async () => {
      // The server is most of the program, and the other commands need nothing of it.
      const { start } = await import('../start/start.ts');
      await start(process.env);
    });
}
