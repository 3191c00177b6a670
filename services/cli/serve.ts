import { readConfig } from '../pdp/config/config.ts';
import { startServer } from '../pdp/server.ts';
import { createLog } from '../telemetry/log.ts';
import { startServerTelemetry } from './server-telemetry.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * Runs `palisade serve` until a signal stops it.
 * @throws ConfigError and PdpError where it refuses to start.
 */
export async function serve(insecure: boolean): Promise<void> {
  const stopped = stopSignal();
  const config = readConfig(process.env, { insecure });
  const log = createLog(config.PALISADE_LOG_LEVEL);
  const telemetry = await startServerTelemetry(config, log);
  const server = await startServer({ config, connection: config.PALISADE_DATABASE_URL, log, telemetry });
  log.info({ ...server.addresses }, 'palisade serves');

  await stopped;
  log.info('palisade stops');
  await server.stop();
  await telemetry.shutdown();
}
