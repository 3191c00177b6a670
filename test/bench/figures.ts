import { measureEngine } from './engine.ts';
import type { Effort, Figure } from './figure.ts';
import { measureEmbedded, measureExternal } from './readiness.ts';
import type { Report } from './report.ts';
import { type Stage, withStage } from './stage.ts';
import { measureSustained, type Sustained } from './sustained.ts';
import { measureTelemetry } from './telemetry.ts';
import { measureTransport, TRANSPORTS } from './transport.ts';

const ENGINE = ['engine/1', 'engine/10', 'engine/100', 'engine/1000', 'engine/10000'];
const TELEMETRY = 'telemetry';
const SUSTAINED = 'sustained';
const EXTERNAL = 'ready/external';
const EMBEDDED = 'ready/embedded';

/** Every figure, in the order that they are measured in. */
export const FIGURES: readonly string[] = [
  ...ENGINE,
  ...Object.keys(TRANSPORTS),
  TELEMETRY,
  SUSTAINED,
  EXTERNAL,
  EMBEDDED,
];

/**
 * Measures the named figures one after the other and reports each.
 * @throws Error where something measured did not work; what was reported before stays true.
 */
export async function measure(
  names: readonly string[],
  effort: Effort,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const engine = names.filter((name) => ENGINE.includes(name));
  if (engine.length > 0) {
    for (const figure of await measureEngine(engine, effort, signal)) report.figure(figure);
  }

  const onStage = names.filter(
    (name) => name === TELEMETRY || name === SUSTAINED || Object.hasOwn(TRANSPORTS, name),
  );
  if (onStage.length > 0) {
    await withStage(effort, signal, (stage) => measureOnStage(onStage, stage, effort, report));
  }

  if (names.includes(EXTERNAL)) report.figure(await measureExternal(effort, signal));
  if (names.includes(EMBEDDED)) report.figure(await measureEmbedded(effort, signal));
}

async function measureOnStage(
  names: readonly string[],
  stage: Stage,
  effort: Effort,
  report: Report,
): Promise<void> {
  const figures = new Map<string, Figure>();
  for (const name of names.filter((one) => Object.hasOwn(TRANSPORTS, one))) {
    const figure = await measureTransport(name, stage, effort);
    figures.set(name, figure);
    report.figure(figure);
  }
  noteGains(figures, report);

  if (names.includes(TELEMETRY)) report.figure(await measureTelemetry(stage, effort));
  if (names.includes(SUSTAINED)) {
    const sustained = await measureSustained(stage, effort);
    report.figure(sustained.figure);
    noteSpool(sustained, report);
  }

  const { exports, bytes } = await stage.exported();
  report.note(`telemetry: ${exports} exports, ${mib(bytes)} MiB`);
}

function noteGains(figures: ReadonlyMap<string, Figure>, report: Report): void {
  const unary = figures.get('grpc/unary');
  const batch = figures.get('grpc/batch100');
  const two = figures.get('grpc/unary-2proc');
  if (unary !== undefined && batch !== undefined) {
    report.note(
      `grpc/batch100 makes ${gain(batch.per_second, unary.per_second)} times the decisions of grpc/unary`,
    );
  }
  if (unary !== undefined && two !== undefined) {
    report.note(
      `two processes make ${gain(two.per_second, unary.per_second)} times the decisions of one, two echo servers ${gain(two.baseline_per_second, unary.baseline_per_second)} times the replies`,
    );
  }
}

function gain(more: number | undefined, less: number | undefined): string {
  return more === undefined || less === undefined ? 'unknown' : (more / less).toFixed(2);
}

function noteSpool({ quarterBytes, endBytes, backlog, kept }: Sustained, report: Report): void {
  report.note(
    `sustained: the spool held ${mib(quarterBytes)} MiB after a quarter of the time and ${mib(endBytes)} MiB at the end, ${backlog} decisions were not in PostgreSQL`,
  );
  if (!kept) throw new Error('sustained: the spool grew, so this rate cannot be kept up');
}

function mib(bytes: number): string {
  return (bytes / 1024 ** 2).toFixed(1);
}
