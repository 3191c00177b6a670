import { parseDuration } from '../../engine/extension/duration.ts';
import type { CALENDAR_UNITS, LimitDeclaration } from './declaration.ts';

/** How long a use counts: a span that slides, in milliseconds, a part of the calendar of a time zone, or as long as the tree of its run. */
export type LimitWindow =
  | { readonly kind: 'run' }
  | { readonly kind: 'sliding'; readonly spanMs: number }
  | { readonly kind: 'calendar'; readonly unit: (typeof CALENDAR_UNITS)[number]; readonly timeZone: string };

const MIN_SPAN_MS = 1_000n;
const MAX_SPAN_MS = 366n * 86_400_000n;

/** Reads a declared window; a text says what is wrong with it. */
export function readWindow({
  window: declared,
  lifetime,
}: Pick<LimitDeclaration, 'window' | 'lifetime'>): LimitWindow | string {
  if (lifetime !== undefined && declared !== undefined)
    return 'is the lifetime of a run already: leave one of the two out';
  if (lifetime !== undefined) return { kind: 'run' };
  if (declared === undefined) return 'is missing: it needs a window, or lifetime: run';
  if (typeof declared !== 'string') {
    return isTimeZone(declared.time_zone)
      ? { kind: 'calendar', unit: declared.calendar, timeZone: declared.time_zone }
      : `has no time zone ${JSON.stringify(declared.time_zone)}: use a name of the IANA database such as Europe/Berlin`;
  }

  const span = parseDuration(declared)?.milliseconds;
  if (span === undefined) return `has no duration ${JSON.stringify(declared)}: write 24h, 1h30m or 90s`;
  if (span < MIN_SPAN_MS || span > MAX_SPAN_MS) return 'must be from 1s to 366d';

  return { kind: 'sliding', spanMs: Number(span) };
}

/** One text for equal windows, however they are written: what the counter of a limit is bound to. */
export function windowText(window: LimitWindow): string {
  if (window.kind === 'run') return 'as long as the run';

  return window.kind === 'sliding' ? `sliding ${window.spanMs}ms` : `${window.unit} in ${window.timeZone}`;
}

/** Names alone: PostgreSQL would read an offset such as +01:00 with the opposite sign. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
