import { PdpError } from '../error.ts';
import type { ExtensionName } from '../schema/schema.ts';
import type { Value } from '../value/value.ts';
import { type Datetime, parseDatetime } from './datetime.ts';
import { type Decimal, parseDecimal } from './decimal.ts';
import { type Duration, parseDuration } from './duration.ts';
import { type IpAddr, parseIp } from './ip.ts';

/** One of Cedar's extension functions, constructor or method; a method's receiver is its first argument. */
export interface ExtensionFunction {
  readonly params: readonly ParamName[];
  /** `undefined`: Cedar fails here, be it the number of arguments, a type, a text or an overflow. */
  call(args: readonly Value[]): Value | undefined;
}

export type ParamName = 'string' | ExtensionName;

/**
 * Every extension function of Cedar 4.13 but `unknown`, which stands for a value that partial evaluation has not got yet
 * and which Palisade refuses everywhere.
 */
export const EXTENSION_FUNCTIONS: ReadonlyMap<string, ExtensionFunction> = new Map([
  ['ip', define(['string'], parseIp)],
  ['isIpv4', define(['ipaddr'], (ip) => ip.isIpv4())],
  ['isIpv6', define(['ipaddr'], (ip) => ip.isIpv6())],
  ['isLoopback', define(['ipaddr'], (ip) => ip.isLoopback())],
  ['isMulticast', define(['ipaddr'], (ip) => ip.isMulticast())],
  ['isInRange', define(['ipaddr', 'ipaddr'], (ip, range) => ip.isInRange(range))],
  ['decimal', define(['string'], parseDecimal)],
  ['lessThan', define(['decimal', 'decimal'], (a, b) => a.tenThousandths < b.tenThousandths)],
  ['lessThanOrEqual', define(['decimal', 'decimal'], (a, b) => a.tenThousandths <= b.tenThousandths)],
  ['greaterThan', define(['decimal', 'decimal'], (a, b) => a.tenThousandths > b.tenThousandths)],
  ['greaterThanOrEqual', define(['decimal', 'decimal'], (a, b) => a.tenThousandths >= b.tenThousandths)],
  ['datetime', define(['string'], parseDatetime)],
  ['offset', define(['datetime', 'duration'], (from, by) => from.offset(by))],
  ['durationSince', define(['datetime', 'datetime'], (to, from) => to.durationSince(from))],
  ['toDate', define(['datetime'], (datetime) => datetime.toDate())],
  ['toTime', define(['datetime'], (datetime) => datetime.toTime())],
  ['duration', define(['string'], parseDuration)],
  ['toMilliseconds', define(['duration'], (duration) => duration.in('ms'))],
  ['toSeconds', define(['duration'], (duration) => duration.in('s'))],
  ['toMinutes', define(['duration'], (duration) => duration.in('m'))],
  ['toHours', define(['duration'], (duration) => duration.in('h'))],
  ['toDays', define(['duration'], (duration) => duration.in('d'))],
]);

/** The constructor that Cedar applies to a string where data of an extension type is declared. */
export const CONSTRUCTOR_OF: Readonly<Record<ExtensionName, string>> = {
  ipaddr: 'ip',
  decimal: 'decimal',
  datetime: 'datetime',
  duration: 'duration',
};

/**
 * Calls an extension function by name.
 * @param field where the call stands, for the error.
 * @throws PdpError `invalid_request` where Cedar would fail.
 */
export function callExtension(fn: string, args: readonly Value[], field = () => ''): Value {
  const value = EXTENSION_FUNCTIONS.get(fn)?.call(args);
  if (value === undefined) throw new PdpError('invalid_request', failureOf(fn, args), { field: field() });

  return value;
}

/** The extension type of a value, or `undefined` where it is of none. */
export function extensionNameOf(value: Value): ExtensionName | undefined {
  return typeof value === 'object' && 'text' in value ? value.type : undefined;
}

interface ParamTypes {
  readonly string: string;
  readonly ipaddr: IpAddr;
  readonly decimal: Decimal;
  readonly datetime: Datetime;
  readonly duration: Duration;
}

type Args<P extends readonly ParamName[]> = { [I in keyof P]: ParamTypes[P[I]] };

function define<const P extends readonly ParamName[]>(
  params: P,
  run: (...args: Args<P>) => Value | undefined,
): ExtensionFunction {
  return { params, call: (args) => (fits(args, params) ? run(...args) : undefined) };
}

function fits<P extends readonly ParamName[]>(args: readonly Value[], params: P): args is Args<P> {
  return args.length === params.length && params.every((param, index) => param === nameOf(args[index]));
}

function nameOf(value: Value | undefined): ParamName | undefined {
  if (typeof value === 'string') return 'string';

  return value === undefined ? undefined : extensionNameOf(value);
}

function failureOf(fn: string, args: readonly Value[]): string {
  const found = EXTENSION_FUNCTIONS.get(fn);
  if (found === undefined) return 'names no extension function of Cedar that may stand in data';
  if (fits(args, found.params)) return `${fn} does not accept this argument`;

  return `${fn} takes (${found.params.join(', ')})`;
}
