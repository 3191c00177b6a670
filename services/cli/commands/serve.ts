import { Command } from 'commander';

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Serves decisions: the entry for production. No embedded database and no migration; everything is configured by PALISADE_* variables (docs/configuration.md).',
    )
    .option('--insecure', 'let decisions listen beyond loopback without TLS; never administration', false)
    .action(async ({ insecure }: { insecure: boolean }) => {
      // The server is most of the program, and the other commands need nothing of it.
      const { serve } = await import('../serve.ts');
      await serve(insecure);
    });
}
