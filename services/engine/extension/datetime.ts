import { canonicalExtension } from '../value/canonical.ts';
import { asLong } from '../value/long.ts';
import { Duration } from './duration.ts';

const DAY_MS = 86_400_000n;

/** What a four-digit year can say: 0000-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. */
const FIRST_WRITABLE = -62_167_219_200_000n;
const LAST_WRITABLE = 253_402_300_799_999n;

const GRAMMAR =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{3}))?(?:Z|([+-])([0-9]{2})([0-9]{2})))?$/;

/** Cedar's `datetime`: milliseconds since 1970-01-01T00:00:00Z as a Long (cedar-policy-core, `extensions/datetime.rs`). */
export class Datetime {
  readonly type = 'datetime';
  readonly epochMs: bigint;

  constructor(epochMs: bigint) {
    this.epochMs = epochMs;
  }

  /** `undefined`: the sum leaves a Long. */
  offset(by: Duration): Datetime | undefined {
    return datetimeAt(this.epochMs + by.milliseconds);
  }

  /** `undefined`: the difference leaves a Long. */
  durationSince(other: Datetime): Duration | undefined {
    const difference = asLong(this.epochMs - other.epochMs);

    return difference === undefined ? undefined : new Duration(difference);
  }

  /** The start of its UTC day, before 1970 too; `undefined`: that leaves a Long. */
  toDate(): Datetime | undefined {
    return datetimeAt(this.epochMs - this.#sinceMidnight());
  }

  /** The time since the start of its UTC day, never negative. */
  toTime(): Duration {
    return new Duration(this.#sinceMidnight());
  }

  /** Whether `datetime("…")` has a text for it; arithmetic leads beyond. */
  isWritable(): boolean {
    return this.epochMs >= FIRST_WRITABLE && this.epochMs <= LAST_WRITABLE;
  }

  /** `2024-10-15T11:35:00.000Z`; outside the years 0000 to 9999 the call that makes it, `offset(1970-01-01, …)`. */
  text(): string {
    if (this.isWritable()) return new Date(Number(this.epochMs)).toISOString();

    return `offset(1970-01-01, ${new Duration(this.epochMs).text()})`;
  }

  canonical(): string {
    return canonicalExtension(this.type, this.text());
  }

  #sinceMidnight(): bigint {
    return ((this.epochMs % DAY_MS) + DAY_MS) % DAY_MS;
  }
}

/** What `datetime("…")` makes of a text; `undefined`: Cedar refuses it. */
export function parseDatetime(text: string): Datetime | undefined {
  const match = GRAMMAR.exec(text);
  if (match === null) return undefined;

  const [year, month, day, hour, minute, second, ms, zoneHour, zoneMinute] = [1, 2, 3, 4, 5, 6, 7, 9, 10].map(
    (group) => Number(match[group] ?? 0),
  ) as [number, number, number, number, number, number, number, number, number];
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return undefined;

  const date = startOfDay(year, month, day);
  if (date === undefined) return undefined;

  const zone = (zoneHour * 60 + zoneMinute) * (match[8] === '-' ? -1 : 1);
  const time = ((hour * 60 + minute - zone) * 60 + second) * 1000 + ms;

  return new Datetime(BigInt(date + time));
}

function datetimeAt(epochMs: bigint): Datetime | undefined {
  return asLong(epochMs) === undefined ? undefined : new Datetime(epochMs);
}

/** `Date.UTC` takes years below 100 for the 1900s, and both it and this roll an impossible day over; we refuse that. */
function startOfDay(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  const epochMs = date.setUTCFullYear(year, month - 1, day);

  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? epochMs : undefined;
}
