/** Stands in for a collector: takes what is exported over OTLP/HTTP, answers 200 and counts it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the sink says first. */
export interface SinkAddress {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
}

/** What it answers when asked. */
export interface SinkCounts {
  readonly exports: number;
  readonly bytes: number;
}

let exports = 0;
let bytes = 0;

const server = createServer((request, response) => {
  exports += 1;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  // An empty body is the protobuf message of a full success.
  request.once('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});

process.on('message', () => process.send?.({ exports, bytes } satisfies SinkCounts));
process.once('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => {
  const address: SinkAddress = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  process.send?.(address);
});
