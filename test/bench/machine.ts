import { arch, cpus, loadavg, platform, totalmem } from 'node:os';

/** What the figures were measured on. */
export interface Machine {
  readonly text: string;
  /** What makes the figures worth less; `undefined` where nothing is known to. */
  readonly warning: string | undefined;
}

/** Looks at the machine as it is before anything is measured. */
export function describeMachine(): Machine {
  const cores = cpus();
  const [load = 0] = loadavg();
  const gib = Math.round(totalmem() / 1024 ** 3);
  const model = cores[0]?.model.trim() || 'unknown CPU';
  const text = `${model}, ${cores.length} cores, ${gib} GiB, ${platform()} ${arch()}, Node ${process.version}, load average ${load.toFixed(2)} before`;

  return {
    text,
    warning:
      load > cores.length
        ? `load average ${load.toFixed(2)} on ${cores.length} cores: something else is running, and no figure below means much`
        : undefined,
  };
}
