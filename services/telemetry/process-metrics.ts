import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

/** How finely the loop is looked at, and how long a window of measurement is; both in milliseconds. */
const RESOLUTION_MS = 10;
const WINDOW_MS = 10_000;

/** Registers the metrics of this process itself. @returns stops measuring. */
export function observeProcess(metrics: Metrics): () => void {
  const stop = observeEventLoop(metrics);
  metrics.observe('process.cpu.time', () => {
    const { user, system } = process.cpuUsage();

    return [
      { value: user / 1e6, labels: ['user'] },
      { value: system / 1e6, labels: ['system'] },
    ];
  });
  metrics.observe('process.memory.usage', () => [{ value: process.memoryUsage.rss(), labels: [] }]);
  metrics.observe('process.uptime', () => [{ value: process.uptime(), labels: [] }]);

  return stop;
}

/** Whole windows are shown, so that every reader sees the same and none empties it for another. */
function observeEventLoop(metrics: Metrics): () => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  let last = { p50: 0, p99: 0, max: 0 };
  const turnOver = setInterval(() => {
    last = {
      p50: delay(histogram.percentile(50)),
      p99: delay(histogram.percentile(99)),
      max: delay(histogram.max),
    };
    histogram.reset();
  }, WINDOW_MS).unref();
  histogram.enable();
  metrics.observe('nodejs.eventloop.delay.p50', () => [{ value: last.p50, labels: [] }]);
  metrics.observe('nodejs.eventloop.delay.p99', () => [{ value: last.p99, labels: [] }]);
  metrics.observe('nodejs.eventloop.delay.max', () => [{ value: last.max, labels: [] }]);

  return () => {
    clearInterval(turnOver);
    histogram.disable();
  };
}

/** The histogram holds nanoseconds between two looks, of which the resolution is no delay. */
function delay(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3);
}
