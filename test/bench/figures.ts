import { measureActivation } from './activation.ts';
import { measureEngine } from './engine.ts';
import type { Effort, Figure } from './figure.ts';
import { LIMIT_FIGURES, measureLimits } from './limits/limits.ts';
import { measureRuns, RUN_FIGURES } from './limits/runs.ts';
import { measureMemory } from './memory.ts';
import { mib, noteActivation, noteGains, noteMemory, noteSpool, noteWorst } from './notes.ts';
import type { BenchOptions } from './options.ts';
import { measureEmbedded, measureExternal } from './readiness.ts';
import { measureReading } from './reading.ts';
import type { Report } from './report.ts';
import { type Stage, withStage } from './stage.ts';
import { measureSteps, STEPS } from './steps/steps.ts';
import { measureStoredDecisions } from './stored/decisions.ts';
import { measureStoredStart } from './stored/start.ts';
import { measureSustained, SUSTAINED } from './sustained.ts';
import { measureTelemetry } from './telemetry.ts';
import { measureTransport, TRANSPORTS } from './transport.ts';
import { ENGINE_WORKLOADS, READ_WORKLOADS } from './workloads.ts';
import { measureWorst } from './worst.ts';

const WORST = 'engine/worst';
const ACTIVATION = 'activate/10000';
const ACTIVATED_POLICIES = 10_000;
const MEMORY = 'memory';
const TELEMETRY = 'telemetry';
const EXTERNAL = 'ready/external';
const EMBEDDED = 'ready/embedded';
const STORED_DECISIONS = 'stored/100000';
const STORED_START = 'ready/stored';
const STORED_ENTITIES = 100_000;

/** Every figure, in the order that they are measured in. */
export const FIGURES: readonly string[] = [
  ...ENGINE_WORKLOADS.flatMap((group) => Object.keys(group)),
  ...Object.keys(READ_WORKLOADS),
  WORST,
  STORED_DECISIONS,
  ACTIVATION,
  MEMORY,
  ...Object.keys(TRANSPORTS),
  ...STEPS,
  TELEMETRY,
  ...Object.keys(SUSTAINED),
  ...LIMIT_FIGURES,
  ...RUN_FIGURES,
  EXTERNAL,
  EMBEDDED,
  STORED_START,
];

/** Those that are measured on running servers. */
const STAGED = new Set([...Object.keys(TRANSPORTS), ...STEPS, TELEMETRY, ...Object.keys(SUSTAINED)]);

type Asked = Pick<BenchOptions, 'names' | 'effort' | 'compareCedar'>;

/**
 * Measures the named figures one after the other and reports each.
 * @throws Error where something measured did not work; what was reported before stays true.
 */
export async function measure(asked: Asked, report: Report, signal: AbortSignal): Promise<void> {
  const { names, effort } = asked;
  await measureInProcess(asked, report, signal);
  if (names.includes(MEMORY)) {
    const memory = await measureMemory(MEMORY, effort, signal);
    report.figure(memory.figure);
    noteMemory(memory, effort.evaluations, report);
  }

  const onStage = names.filter((name) => STAGED.has(name));
  if (onStage.length > 0) {
    await withStage(effort, signal, (stage) => measureOnStage(onStage, stage, effort, report, signal));
  }

  const limits = LIMIT_FIGURES.filter((name) => names.includes(name));
  if (limits.length > 0) {
    for (const figure of await measureLimits(effort, signal)) {
      if (limits.some((name) => name === figure.name)) report.figure(figure);
    }
  }

  const runs = RUN_FIGURES.filter((name) => names.includes(name));
  if (runs.length > 0) {
    for (const figure of await measureRuns(effort, signal)) {
      if (runs.some((name) => name === figure.name)) report.figure(figure);
    }
  }

  if (names.includes(EXTERNAL)) report.figure(await measureExternal(effort, signal));
  if (names.includes(EMBEDDED)) report.figure(await measureEmbedded(effort, signal));
  if (names.includes(STORED_START)) {
    report.figure(await measureStoredStart(STORED_START, STORED_ENTITIES, effort, signal));
  }
}

/** What needs neither a server nor a database. */
async function measureInProcess(
  { names, effort, compareCedar }: Asked,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  for (const group of ENGINE_WORKLOADS) {
    const wanted = Object.entries(group).filter(([name]) => names.includes(name));
    const workloads = new Map(wanted.map(([name, make]) => [name, make()]));
    for (const figure of await measureEngine(workloads, effort, compareCedar, signal)) report.figure(figure);
  }
  for (const [name, make] of Object.entries(READ_WORKLOADS)) {
    if (names.includes(name)) report.figure(await measureReading(name, make(), effort, signal));
  }

  if (names.includes(WORST)) {
    const worst = await measureWorst(WORST, effort, compareCedar, signal);
    report.figure(worst.figure);
    noteWorst(worst, report);
  }
  if (names.includes(STORED_DECISIONS)) {
    report.figure(await measureStoredDecisions(STORED_DECISIONS, STORED_ENTITIES, effort, signal));
  }
  if (names.includes(ACTIVATION)) {
    const activation = await measureActivation(ACTIVATION, ACTIVATED_POLICIES, effort, signal);
    report.figure(activation.figure);
    noteActivation(activation, report);
  }
}

async function measureOnStage(
  names: readonly string[],
  stage: Stage,
  effort: Effort,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  const figures = new Map<string, Figure>();
  for (const name of names.filter((one) => Object.hasOwn(TRANSPORTS, one))) {
    const figure = await measureTransport(name, stage, effort);
    await stage.forget();
    figures.set(name, figure);
    report.figure(figure);
  }
  noteGains(figures, report);

  const steps = names.filter((name) => STEPS.includes(name));
  if (steps.length > 0) {
    for (const figure of await measureSteps(steps, stage, effort, signal)) report.figure(figure);
    await stage.forget();
  }
  if (names.includes(TELEMETRY)) {
    report.figure(await measureTelemetry(stage, effort));
    await stage.forget();
  }
  for (const name of names.filter((one) => Object.hasOwn(SUSTAINED, one))) {
    const sustained = await measureSustained(name, stage, effort);
    await stage.forget();
    report.figure(sustained.figure);
    noteSpool(sustained, report);
  }

  const { exports, bytes } = await stage.exported();
  report.note(`telemetry: ${exports} exports, ${mib(bytes)} MiB`);
}
