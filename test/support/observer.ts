import { createObserver, type Observer } from '../../services/pdp/observe/observer.ts';
import { createLog } from '../../services/telemetry/log.ts';
import { createMetrics, type Metrics } from '../../services/telemetry/metrics.ts';
import { samplingOf } from '../../services/telemetry/sampling.ts';
import { withoutSdk } from '../../services/telemetry/telemetry.ts';

const ADDRESS = { host: '127.0.0.1', port: 0, loopback: true };

/** Telemetry of a service under test: it counts, and sends nothing. */
export function quietTelemetry(metrics: Metrics = createMetrics()) {
  return withoutSdk(
    metrics,
    samplingOf(undefined, undefined, () => undefined),
  );
}

export function quietObserver(metrics?: Metrics): Observer {
  return createObserver({
    telemetry: quietTelemetry(metrics),
    log: createLog('silent'),
    traceDenies: false,
    addresses: { rpc: ADDRESS, http: ADDRESS },
  });
}
