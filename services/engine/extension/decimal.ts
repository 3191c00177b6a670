import { canonicalExtension } from '../value/canonical.ts';
import { asLong, readDigits } from '../value/long.ts';

/** Cedar's `decimal`: a Long of ten-thousandths (cedar-policy-core, `extensions/decimal.rs`). */
export class Decimal {
  readonly type = 'decimal';
  readonly tenThousandths: bigint;

  constructor(tenThousandths: bigint) {
    this.tenThousandths = tenThousandths;
  }

  /** With as few digits behind the point as it needs, and at least one. */
  text(): string {
    const sign = this.tenThousandths < 0n ? '-' : '';
    const digits = String(sign ? -this.tenThousandths : this.tenThousandths).padStart(5, '0');

    return `${sign}${digits.slice(0, -4)}.${digits.slice(-4).replace(/0{1,3}$/, '')}`;
  }

  get key(): string {
    return `${this.type} ${this.tenThousandths}`;
  }

  canonical(): string {
    return canonicalExtension(this.type, this.text());
  }
}

/** What `decimal("…")` makes of a text; `undefined`: Cedar refuses it. */
export function parseDecimal(text: string): Decimal | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)([0-9]+)\.([0-9]{1,4})$/.exec(text) ?? [];
  if (sign === undefined) return undefined;

  const magnitude = readDigits(whole + fraction.padEnd(4, '0'));
  const value = magnitude === undefined ? undefined : asLong(sign ? -magnitude : magnitude);

  return value === undefined ? undefined : new Decimal(value);
}
