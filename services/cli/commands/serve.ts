import { Command } from 'commander';
import { readConfig } from '../../pdp/config/config.ts';
import { startServer } from '../../pdp/server.ts';
import { createLog } from '../../telemetry/log.ts';
import { stopSignal } from '../stop-signal.ts';

export function serveCommand(): Command {
  return new Command('serve')
    .description(
      'Serves decisions: the entry for production. No embedded database and no migration; everything is configured by PALISADE_* variables (docs/configuration.md).',
    )
    .option('--insecure', 'let decisions listen beyond loopback without TLS; never administration', false)
    .action(async ({ insecure }: { insecure: boolean }) => {
      const stopped = stopSignal();
      const config = readConfig(process.env, { insecure });
      const log = createLog(config.PALISADE_LOG_LEVEL);
      const server = await startServer({ config, connection: config.PALISADE_DATABASE_URL, log });
      log.info({ ...server.addresses }, 'palisade serves');

      await stopped;
      log.info('palisade stops');
      await server.stop();
    });
}
