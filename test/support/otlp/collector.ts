import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OtlpUrls } from './exporters.ts';

/** The OpenTelemetry Collector, in a process of its own. */
export interface Collector extends OtlpUrls {
  /** What it took and wrote so far: OTLP JSON, a line for each export. */
  exported(): Promise<string>;
}

/** What a test that skips says. */
export const COLLECTOR_HINT =
  'no OpenTelemetry Collector: put otelcol or otelcol-contrib on the PATH, or name one in PALISADE_TEST_OTELCOL';

/**
 * Looks for a Collector on this machine.
 * @returns its command, or undefined where there is none.
 * @throws Error where `PALISADE_TEST_OTELCOL` names one that does not run.
 */
export function findCollector(): string | undefined {
  const named = process.env['PALISADE_TEST_OTELCOL'];
  const found = (named ? [named] : ['otelcol', 'otelcol-contrib']).find(
    (command) => spawnSync(command, ['--version']).status === 0,
  );
  if (named && found === undefined) throw new Error(`PALISADE_TEST_OTELCOL does not run: ${named}`);

  return found;
}

/** Runs `body` with a Collector that takes OTLP on free ports of loopback, and kills it afterwards. */
export async function withCollector<T>(
  command: string,
  body: (collector: Collector) => Promise<T>,
): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), 'palisade-otelcol-'));
  try {
    const [grpcPort, httpPort] = [await freePort(), await freePort()];
    const file = join(home, 'exported.json');
    const config = join(home, 'config.yaml');
    await writeFile(config, JSON.stringify(configuration(grpcPort, httpPort, file)));

    return await withProcess(command, [`--config=file:${config}`], async (process) => {
      for (const port of [grpcPort, httpPort]) await untilListening(process, port);

      return body({
        grpcUrl: `http://127.0.0.1:${grpcPort}`,
        httpUrl: `http://127.0.0.1:${httpPort}`,
        exported: () => readFile(file, 'utf8'),
      });
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const START_DEADLINE_MS = 20_000;
const POLL_MS = 50;

/** YAML takes JSON as it is. */
function configuration(grpcPort: number, httpPort: number, file: string): object {
  const pipeline = { receivers: ['otlp'], exporters: ['file'] };
  const protocols = {
    grpc: { endpoint: `127.0.0.1:${grpcPort}` },
    http: { endpoint: `127.0.0.1:${httpPort}` },
  };

  return {
    receivers: { otlp: { protocols } },
    exporters: { file: { path: file, flush_interval: `${POLL_MS}ms` } },
    service: {
      // Its own metrics would be served on a fixed port.
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: pipeline, metrics: pipeline, logs: pipeline },
    },
  };
}

interface CollectorProcess {
  readonly child: ChildProcess;
  /** What it said on its standard error. */
  readonly said: readonly string[];
}

async function withProcess<T>(
  command: string,
  args: readonly string[],
  body: (process: CollectorProcess) => Promise<T>,
): Promise<T> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  try {
    return await body({ child, said });
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

async function untilListening({ child, said }: CollectorProcess, port: number): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (child.exitCode === null && performance.now() < deadline) {
    if (await listens(port)) return;
    await sleep(POLL_MS);
  }
  throw new Error(`the Collector is not up:\n${said.join('')}`);
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');

    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** A port that nobody has now: the Collector does not tell which one it would take by itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');

  return port;
}
