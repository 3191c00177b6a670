import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { parseDuration } from '../../engine/extension/duration.ts';
import { MOST_RATE, type RateLimit } from '../token-bucket.ts';

/** A timer's delay is 31 bits. */
const LONGEST_MS = 2_147_483_647n;

/** A host and port to listen on. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly loopback: boolean;
}

/** An address as gRPC and URLs write it. */
export function addressText({ host, port }: Pick<Address, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

export const text = z.string().min(1, 'must not be empty');

export const postgresUrl = text.refine((value) => /^postgres(ql)?:\/\//.test(value), {
  message: 'must be a URL such as postgres://user:password@host:5432/palisade',
});

/** `host:port`, with an IPv6 address in brackets; port 0 takes a free one. */
export const address = z.string().transform((value, context): Address => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(value);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    context.addIssue({ code: 'custom', message: 'must be host:port, such as 127.0.0.1:7180 or [::1]:7180' });
    return z.NEVER;
  }

  return { host, port, loopback: isLoopbackHost(host) };
});

/** Host names or addresses without ports, separated by commas; none may be empty, since that would name anything malformed. */
export const hostNames = z
  .string()
  .transform((value) => value.split(',').map((name) => name.trim()))
  .pipe(
    z.array(z.string().regex(/^[A-Za-z0-9._:-]+$/, 'must be host names without ports, separated by commas')),
  );

/** Cedar's duration text, such as `1h30m` or `500ms`, not negative, as milliseconds. */
export const durationMs = z.string().transform((value, context): number => {
  const ms = millisecondsOf(value);
  if (ms === undefined) {
    context.addIssue({ code: 'custom', message: 'must be a duration such as 1h, 90s or 500ms' });
    return z.NEVER;
  }

  return ms;
});

export const bytes = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number of bytes')
  .transform(Number);

/** A part of a whole, from 0 to 1. */
export const share = z
  .string()
  .regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'must be a number from 0 to 1, such as 0.001')
  .transform(Number);

const MOST_PROCESSES = 64;

/** A number of processes, or `auto` for one on each core that this process may use. */
export const processes = z
  .string()
  .regex(/^(auto|[1-9]|[1-5]\d|6[0-4])$/, `must be a whole number from 1 to ${MOST_PROCESSES}, or auto`)
  .transform((value) =>
    value === 'auto' ? Math.min(availableParallelism(), MOST_PROCESSES) : Number(value),
  );

/** `rate` or `rate:burst`, whole numbers from 1 to a million: requests a second, and at once. */
export const rateLimit = z.string().transform((value, context): RateLimit => {
  const match = /^([1-9]\d{0,6})(?::([1-9]\d{0,6}))?$/.exec(value);
  const rate = Number(match?.[1]);
  const burst = Number(match?.[2] ?? rate);
  if (match === null || rate > MOST_RATE || burst > MOST_RATE) {
    context.addIssue({
      code: 'custom',
      message: `must be requests a second, or those and the most at once, such as 50 or 50:200, each up to ${MOST_RATE}`,
    });
    return z.NEVER;
  }

  return { rate_per_second: rate, burst };
});

export const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');

export function oneOf<const T extends readonly [string, ...string[]]>(
  ...values: T
): z.ZodType<T[number], string> {
  return z.enum(values) as unknown as z.ZodType<T[number], string>;
}

function millisecondsOf(value: string): number | undefined {
  const milliseconds = parseDuration(value)?.milliseconds;
  if (milliseconds === undefined || milliseconds < 0n || milliseconds > LONGEST_MS) return undefined;

  return Number(milliseconds);
}

function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
