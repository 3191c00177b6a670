import { canonicalExtension } from '../value/canonical.ts';
import { asLong, readDigits } from '../value/long.ts';

/** Milliseconds of each unit, in the order in which they must stand. */
const UNIT_MS = { d: 86_400_000n, h: 3_600_000n, m: 60_000n, s: 1_000n, ms: 1n } as const;
const UNITS = Object.entries(UNIT_MS);

export type DurationUnit = keyof typeof UNIT_MS;

const GRAMMAR = /^(-?)(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/;

/** Cedar's `duration`: a Long of milliseconds (cedar-policy-core, `extensions/datetime.rs`). */
export class Duration {
  readonly type = 'duration';
  readonly milliseconds: bigint;

  constructor(milliseconds: bigint) {
    this.milliseconds = milliseconds;
  }

  /** Whole units, truncated towards zero. */
  in(unit: DurationUnit): bigint {
    return this.milliseconds / UNIT_MS[unit];
  }

  /** In the largest units that fit: `-1d2h`, `0ms`. */
  text(): string {
    const sign = this.milliseconds < 0n ? '-' : '';
    let rest = sign ? -this.milliseconds : this.milliseconds;
    let text = '';
    for (const [unit, size] of UNITS) {
      if (rest >= size) text += `${rest / size}${unit}`;
      rest %= size;
    }

    return sign + (text || '0ms');
  }

  get key(): string {
    return `${this.type} ${this.milliseconds}`;
  }

  canonical(): string {
    return canonicalExtension(this.type, this.text());
  }
}

/** What `duration("…")` makes of a text; `undefined`: Cedar refuses it. The sign covers every unit. */
export function parseDuration(text: string): Duration | undefined {
  const [, sign, ...amounts] = GRAMMAR.exec(text) ?? [];
  if (sign === undefined || amounts.every((amount) => amount === undefined)) return undefined;

  let sum = 0n;
  for (const [index, [, size]] of UNITS.entries()) {
    const digits = amounts[index];
    if (digits === undefined) continue;
    const amount = readDigits(digits);
    if (amount === undefined) return undefined;
    sum += amount * size;
  }
  const milliseconds = asLong(sign ? -sum : sum);

  return milliseconds === undefined ? undefined : new Duration(milliseconds);
}
