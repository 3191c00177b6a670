import { readConfig } from '../pdp/config/config.ts';
import { createLog } from '../telemetry/log.ts';
import { isOneOfSeveral, letGo, runProcesses } from './processes.ts';
import { stopSignal } from './stop-signal.ts';

/**
 * Runs `palisade serve` until a signal stops it, in one process or in several.
 * @throws ConfigError and PdpError where it refuses to start.
 */
export async function serve(insecure: boolean): Promise<void> {
  const stopped = stopSignal();
  const config = readConfig(process.env, { insecure });
  const log = createLog(config.PALISADE_LOG_LEVEL);
  if (config.PALISADE_PROCESSES > 1 && !isOneOfSeveral()) {
    process.exitCode = await runProcesses(config, stopped, log);
    return;
  }

  try {
    // Whoever only looks after other processes needs no server.
    const { serveHere } = await import('./serve-here.ts');
    await serveHere(config, stopped, log);
  } finally {
    letGo();
  }
}
