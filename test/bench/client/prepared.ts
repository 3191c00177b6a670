import { type BenchRequest, benchRequest } from '../workload.ts';
import type { LoadOrder } from './messages.ts';

/** A request that needs no more work before it is sent. */
export interface Prepared {
  readonly id: string;
  readonly bytes: Buffer;
  /** What one correct answer says of each decision in it. */
  readonly want: readonly BenchRequest['want'][];
}

/** Gives the requests in turn, for ever. */
export type Rotation = () => Prepared;

/** What the requests of an order are, and what its server must answer. */
export function requestsOf({ policies, requests, echo }: LoadOrder): readonly BenchRequest[] {
  return Array.from({ length: requests }, (_, index): BenchRequest => {
    const request = benchRequest(policies, index);

    return echo ? { ...request, want: 'allow' } : request;
  });
}

/** @throws Error where there is nothing to give. */
export function rotationOf(prepared: readonly Prepared[]): Rotation {
  let next = 0;

  return () => {
    const given = prepared[next % prepared.length];
    if (given === undefined) throw new Error('no requests were prepared');
    next += 1;

    return given;
  };
}
