import { canonicalExtension } from '../value/canonical.ts';
import { asLong } from '../value/long.ts';
import { Duration } from './duration.ts';

const DAY_MS = 86_400_000n;

/** What a four-digit year can say: 0000-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z. */
const FIRST_WRITABLE = -62_167_219_200_000n;
const LAST_WRITABLE = 253_402_300_799_999n;

const DATE = '(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})';
const TIME = '(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})(?:\\.(?<ms>[0-9]{3}))?';
const ZONE = '(?:Z|(?<sign>[+-])(?<zoneHour>[0-9]{2})(?<zoneMinute>[0-9]{2}))';
const GRAMMAR = new RegExp(`^${DATE}(?:T${TIME}${ZONE})?$`);

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

  get key(): string {
    return `${this.type} ${this.epochMs}`;
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
  const groups = GRAMMAR.exec(text)?.groups;
  if (groups === undefined) return undefined;

  const part = (name: string): number => Number(groups[name] ?? 0);
  const date = startOfDay(part('year'), part('month'), part('day'));
  const time = minutesOf(part('hour'), part('minute'));
  const zone = minutesOf(part('zoneHour'), part('zoneMinute'));
  // Cedar knows no leap second.
  if (date === undefined || time === undefined || zone === undefined || part('second') > 59) return undefined;

  const utc = groups['sign'] === '-' ? time + zone : time - zone;

  return new Datetime(BigInt(date + (utc * 60 + part('second')) * 1000 + part('ms')));
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

function minutesOf(hour: number, minute: number): number | undefined {
  return hour <= 23 && minute <= 59 ? hour * 60 + minute : undefined;
}
