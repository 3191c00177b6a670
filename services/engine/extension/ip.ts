import { canonicalExtension } from '../value/canonical.ts';

const WIDTH = { 4: 32, 6: 128 } as const;

/** Nothing that `ip` accepts is longer: 39 characters of IPv6 and `/128`. */
const MAX_TEXT = 43;

/** Cedar's `ipaddr`: an address with its host bits, and a prefix (cedar-policy-core, `extensions/ipaddr.rs`). */
export class IpAddr {
  readonly type = 'ipaddr';
  readonly version: 4 | 6;
  /** All bits as written: `10.0.0.1/8` is not `10.0.0.0/8`. */
  readonly address: bigint;
  readonly prefix: number;

  constructor(version: 4 | 6, address: bigint, prefix: number) {
    this.version = version;
    this.address = address;
    this.prefix = prefix;
  }

  isIpv4(): boolean {
    return this.version === 4;
  }

  isIpv6(): boolean {
    return this.version === 6;
  }

  /** Whether the whole range is loopback: `127.0.0.0/8`, `::1`. An IPv4-mapped address is plain IPv6. */
  isLoopback(): boolean {
    if (this.version === 6) return this.address === 1n && this.prefix === 128;

    return this.address >> 24n === 127n && this.prefix >= 8;
  }

  /** Whether the whole range is multicast: `224.0.0.0/4`, `ff00::/8`. */
  isMulticast(): boolean {
    if (this.version === 6) return this.address >> 120n === 0xffn && this.prefix >= 8;

    return this.address >> 28n === 0xen && this.prefix >= 4;
  }

  /** Whether the whole range lies in the whole other range; never across families. */
  isInRange(other: IpAddr): boolean {
    if (this.version !== other.version || this.prefix < other.prefix) return false;

    return (this.address & ~other.#hostBits()) === (other.address & ~other.#hostBits());
  }

  /** RFC 5952 without its dotted forms, which Cedar refuses; the prefix only where it is shorter than the address. */
  text(): string {
    const host = this.version === 4 ? textOf4(this.address) : textOf6(this.address);

    return this.prefix === WIDTH[this.version] ? host : `${host}/${this.prefix}`;
  }

  get key(): string {
    return `${this.type} ${this.version} ${this.address} ${this.prefix}`;
  }

  canonical(): string {
    return canonicalExtension(this.type, this.text());
  }

  #hostBits(): bigint {
    return (1n << BigInt(WIDTH[this.version] - this.prefix)) - 1n;
  }
}

/** What `ip("…")` makes of a text; `undefined`: Cedar refuses it. */
export function parseIp(text: string): IpAddr | undefined {
  if (text.length > MAX_TEXT) return undefined;

  const slash = text.indexOf('/');
  const host = slash < 0 ? text : text.slice(0, slash);
  const version = host.includes(':') ? 6 : 4;
  const address = version === 6 ? parse6(host) : parse4(host);
  const prefix = slash < 0 ? WIDTH[version] : parseDecimal(text.slice(slash + 1), WIDTH[version]);
  if (address === undefined || prefix === undefined) return undefined;

  return new IpAddr(version, address, prefix);
}

function parse4(host: string): bigint | undefined {
  const octets = host.split('.');
  if (octets.length !== 4) return undefined;

  let address = 0;
  for (const octet of octets) {
    const value = parseDecimal(octet, 255);
    if (value === undefined) return undefined;
    address = address * 256 + value;
  }

  return BigInt(address);
}

function parse6(host: string): bigint | undefined {
  const sides = host.split('::');
  const [head = [], tail] = sides.map((side) => (side === '' ? [] : side.split(':')));
  const missing = 8 - head.length - (tail?.length ?? 0);
  // A `::` stands for one group or more; without it all must be there.
  if (sides.length > 2 || (tail === undefined ? missing !== 0 : missing < 1)) return undefined;

  const groups = [...head, ...Array<string>(missing).fill('0'), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;

  return BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`);
}

/** No sign, no leading zero: `010` is 8 to some readers, and Cedar takes neither side. */
function parseDecimal(digits: string, max: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(digits)) return undefined;

  const number = Number(digits);

  return number <= max ? number : undefined;
}

function textOf4(address: bigint): string {
  const bits = Number(address);

  return `${bits >>> 24}.${(bits >>> 16) & 0xff}.${(bits >>> 8) & 0xff}.${bits & 0xff}`;
}

function textOf6(address: bigint): string {
  const digits = address.toString(16).padStart(32, '0');
  const groups = Array.from({ length: 8 }, (_, index) =>
    digits.slice(4 * index, 4 * index + 4).replace(/^0{1,3}/, ''),
  );
  const { start, length } = longestZeros(groups);
  if (length < 2) return groups.join(':');

  return `${groups.slice(0, start).join(':')}::${groups.slice(start + length).join(':')}`;
}

/** The first of the longest runs (RFC 5952, section 4.2.3). */
function longestZeros(groups: readonly string[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, group] of groups.entries()) {
    if (group !== '0') start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  }

  return best;
}
