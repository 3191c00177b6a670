import manifest from '../../package.json' with { type: 'json' };
import type { Config } from '../pdp/config/config.ts';
import { processIdOf } from '../pdp/process-id.ts';
import type { Log } from '../telemetry/log.ts';
import { startTelemetry, type Telemetry } from '../telemetry/telemetry.ts';

/** Starts the telemetry of a serving process, from the standard `OTEL_*` variables. */
export function startServerTelemetry(config: Config, log: Log): Promise<Telemetry> {
  return startTelemetry({
    environment: process.env,
    processId: processIdOf(config),
    version: manifest.version,
    warn: (message) => log.warn(message),
  });
}
