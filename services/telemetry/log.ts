import { pino } from 'pino';

export type Log = ReturnType<typeof createLog>;

/**
 * The process log: JSON lines on standard output. Decisions are not in it, they have a log of their own.
 * @param level least severe level that is written, or `silent`.
 */
export function createLog(level: string) {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
}
