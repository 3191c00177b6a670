import { flushCompileCache } from 'node:module';
import { readConfig } from '../pdp/config/config.ts';
import { startServer } from '../pdp/server.ts';
import { createLog } from '../telemetry/log.ts';
import { startServerTelemetry } from './server-telemetry.ts';
import { runSeveral } from './several/primary.ts';
import { answerPrimary, isWorker, letGoOfPrimary } from './several/worker.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * Runs `palisade serve` until a signal stops it, in one process or in several.
 * @throws ConfigError and PdpError where it refuses to start.
 */
export async function serve(insecure: boolean): Promise<void> {
  const stopped = stopSignal();
  const config = readConfig(process.env, { insecure });
  const log = createLog(config.PALISADE_LOG_LEVEL);
  if (config.PALISADE_PROCESSES > 1 && !isWorker()) {
    process.exitCode = await runSeveral(config, stopped, log);
    return;
  }

  try {
    const telemetry = await startServerTelemetry(config, log);
    const connection = config.PALISADE_DATABASE_URL;
    const part = isWorker() ? 'decisions' : 'whole';
    const server = await startServer({ config, connection, log, telemetry, part });
    // Left alone, Node keeps what it compiled when a process ends by itself; one that is killed would leave all of it to the next.
    flushCompileCache();
    if (isWorker()) answerPrimary(server, telemetry);
    else log.info({ ...server.addresses }, 'palisade serves');

    await stopped;
    if (!isWorker()) log.info('palisade stops');
    await server.stop();
    await telemetry.shutdown();
  } finally {
    letGoOfPrimary();
  }
}
