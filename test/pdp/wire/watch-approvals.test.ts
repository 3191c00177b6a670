import { EventEmitter, once } from 'node:events';
import { Metadata, type ServerWritableStream, type StatusObject, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { PdpError } from '../../../services/engine/error.ts';
import type { Office } from '../../../services/pdp/approvals/office.ts';
import type { Caller, DecisionService } from '../../../services/pdp/types.ts';
import { approvalHandlers } from '../../../services/pdp/wire/grpc/approvals.ts';
import type { Incoming } from '../../../services/pdp/wire/grpc/contract.ts';
import type { Refusal } from '../../../services/pdp/wire/serve.ts';
import { quietObserver } from '../../support/observer.ts';
import { callerOf } from '../support/calls.ts';

type WatchCall = ServerWritableStream<Incoming, never>;

const nobody = (): Caller => {
  throw new PdpError('unauthenticated', 'this credential is unknown');
};

/** Sends one WatchApprovals, and gives the status that it ends with. */
async function refused(request: Buffer, authenticate: DecisionService['authenticate']) {
  const refusals: Refusal[] = [];
  const handlers = approvalHandlers(
    {
      service: { authenticate } as DecisionService,
      onRefusal: (refusal) => refusals.push(refusal),
      observer: quietObserver(),
    },
    // Nobody comes that far.
    {} as Office,
  );
  const call = Object.assign(new EventEmitter(), {
    request,
    metadata: new Metadata(),
    getPeer: () => '127.0.0.1:9',
  });
  const ended = once(call, 'error') as Promise<[StatusObject]>;
  handlers.implementation.WatchApprovals(call as unknown as WatchCall);
  const [{ code }] = await ended;

  return { code, refusals };
}

test('a watch of nobody, or that cannot be read, is refused and counted as every call that is', async () => {
  expect(await refused(Buffer.alloc(0), nobody)).toMatchObject({
    code: status.UNAUTHENTICATED,
    refusals: [{ error: { code: 'unauthenticated' }, caller: undefined, transport: 'grpc' }],
  });
  const fay = callerOf({ subject: 'fay', roles: ['approver'] });
  expect(await refused(Buffer.from([0x08, 1]), () => fay)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    refusals: [{ error: { code: 'invalid_request' }, caller: { subject: 'fay' } }],
  });
});
