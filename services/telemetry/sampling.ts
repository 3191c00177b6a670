/** Says whether a trace is kept, from its id and what the caller's side decided; the same for every span of a trace. */
export type Sampling = (traceId: string, parentSampled: boolean | undefined) => boolean;

type Warn = (message: string) => void;

/** The standard names of samplers, and what each does with a trace that begins here. */
const ROOTS = {
  always_on: () => always,
  always_off: () => never,
  traceidratio: ratioOf,
} as const satisfies Record<
  string,
  (argument: string | undefined, warn: Warn) => (traceId: string) => boolean
>;

const DEFAULT_NAME = 'parentbased_traceidratio';
const DEFAULT_RATIO = 0.1;
const PARENT_BASED = 'parentbased_';

/**
 * Reads `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG` as the OpenTelemetry specification names them; without them
 * the caller's decision counts, and of traces that begin here 10 % are kept.
 * @param warn told of a value that is not understood; the default stands in for it.
 */
export function samplingOf(name: string = DEFAULT_NAME, argument: string | undefined, warn: Warn): Sampling {
  const parentBased = name.startsWith(PARENT_BASED);
  const rootName = parentBased ? name.slice(PARENT_BASED.length) : name;
  if (!Object.hasOwn(ROOTS, rootName)) {
    warn(`OTEL_TRACES_SAMPLER is ${name}, which is no sampler; ${DEFAULT_NAME} is used`);

    return samplingOf(DEFAULT_NAME, undefined, warn);
  }

  const root = ROOTS[rootName as keyof typeof ROOTS](argument, warn);

  return (traceId, parentSampled) =>
    parentBased && parentSampled !== undefined ? parentSampled : root(traceId);
}

function ratioOf(argument: string = String(DEFAULT_RATIO), warn: Warn): (traceId: string) => boolean {
  const ratio = argument.trim() === '' ? Number.NaN : Number(argument);
  if (!(ratio >= 0 && ratio <= 1)) {
    warn(`OTEL_TRACES_SAMPLER_ARG is ${argument}, which is no number from 0 to 1; ${DEFAULT_RATIO} is used`);

    return ratioOf(undefined, warn);
  }

  // W3C Trace Context level 2: the last 56 bits of a trace id are random; OpenTelemetry keeps those from a threshold up.
  const threshold = (1 - ratio) * 2 ** 56;

  return (traceId) => Number.parseInt(traceId.slice(-14), 16) >= threshold;
}

function always(): boolean {
  return true;
}

function never(): boolean {
  return false;
}
