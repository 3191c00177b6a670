import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { LIMITS } from '../../../services/engine/limits.ts';
import { createDesk, type DeskCall, type DeskOptions } from '../../../services/pdp/approvals/desk.ts';
import { drained } from '../../../services/pdp/approvals/drained.ts';
import { callerOf } from '../support/calls.ts';

test('no more than so many watch at a time, and one that ends makes room', async () => {
  const pool = { query: () => Promise.resolve({ rows: [] }) };
  const call = { caller: callerOf({ roles: ['approver'] }), pool } as unknown as DeskCall;
  // To watch it needs the database alone.
  const desk = createDesk({} as DeskOptions);
  const gone = new AbortController();
  const watches = Array.from({ length: LIMITS.approval_watches }, () => desk.watch(call, gone.signal).next());

  expect(() => desk.watch(call, gone.signal)).toThrow(
    expect.objectContaining({
      code: 'overloaded',
      limit: { name: 'approval_watches', max: LIMITS.approval_watches },
    }),
  );
  gone.abort();
  await Promise.all(watches);
  expect(await desk.watch(call, gone.signal).next()).toMatchObject({ done: true });
});

test('what is not read is waited for, until it is, or the watch ends', async () => {
  const answer = new PassThrough({ highWaterMark: 1 });
  const gone = new AbortController();
  expect(answer.write('more than fits')).toBe(false);
  let isRead = false;
  const waiting = drained(answer, gone.signal).then(() => {
    isRead = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isRead).toBe(false);
  answer.resume();
  await waiting;

  answer.pause();
  answer.write('again');
  const ended = drained(answer, gone.signal);
  gone.abort();
  await ended;
  expect(answer.listenerCount('drain')).toBe(0);
});
