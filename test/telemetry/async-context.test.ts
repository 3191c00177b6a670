import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Starts and ends the SDK, then prints which of Node's own modules are loaded. */
const SCRIPT = `
  const { startSdk } = await import('./services/telemetry/sdk.ts');
  const { createMetrics } = await import('./services/telemetry/metrics.ts');
  await import('./services/pdp/server.ts');
  const sdk = await startSdk({
    environment: process.env,
    exported: ['traces', 'logs'],
    metrics: createMetrics(),
    processId: 'test',
    version: '0',
    warn: console.error,
  });
  await sdk.shutdown();
  console.log(process.moduleLoadList.join('\\n'));
`;

// Once it is loaded, Node asks for the context at every callback and promise: a twentieth of a decision's time.
test.each(['grpc', 'http/protobuf', 'http/json'])(
  'no context follows the calls of a server that sends telemetry over %s',
  async (protocol) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT], {
      env: { ...process.env, OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
    });
    const loaded = stdout.split('\n');

    expect(loaded).toContain('NativeModule internal/process/task_queues');
    expect(loaded.filter((name) => name.includes('async_local_storage'))).toEqual([]);
  },
);
