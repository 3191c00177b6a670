import { describe, expect, test } from 'vitest';
import { COLLECTOR_HINT, findCollector, withCollector } from './collector.ts';
import { overGrpc, overHttp, send } from './exporters.ts';

const collector = findCollector();

describe('the OpenTelemetry Collector', () => {
  test('takes OTLP and writes it to its file', async ({ skip }) => {
    if (collector === undefined) return skip(COLLECTOR_HINT);

    await withCollector(collector, async (running) => {
      for (const [name, { spans }] of Object.entries({ grpc: overGrpc(running), http: overHttp(running) })) {
        expect(await send(spans, `over ${name}`)).toBeUndefined();
        await expect.poll(running.exported, { timeout: 5_000 }).toContain(`"name":"over ${name}"`);
        await spans.shutdown();
      }
    });
  });
});
