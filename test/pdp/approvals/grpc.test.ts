import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProtoGrpcType } from '../../../services/pdp/wire/generated/approvals.ts';
import type { ApprovalQuestion__Output } from '../../../services/pdp/wire/generated/palisade/v1/ApprovalQuestion.ts';
import type { ApprovalServiceClient } from '../../../services/pdp/wire/generated/palisade/v1/ApprovalService.ts';
import { readContract } from '../../support/contract.ts';
import { administer } from '../../support/shared-store.ts';
import { idOf, useDesk } from './desk-world.ts';

const CONTRACT = readContract('palisade/v1/approvals.proto');

const desk = useDesk({ manifest: (text) => `${text}approval: { redact: [input.pin] }\n` });
let client: ApprovalServiceClient;
beforeAll(() => {
  const { palisade } = loadPackageDefinition(CONTRACT) as unknown as ProtoGrpcType;
  client = new palisade.v1.ApprovalService(desk.current.world.addresses.grpc, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
});
afterAll(() => client.close());

async function metadataOf(who: string | undefined): Promise<Metadata> {
  const metadata = new Metadata();
  if (who !== undefined) metadata.set('authorization', `Bearer ${await desk.current.tokenOf(who)}`);

  return metadata;
}

/** What a call answers, or the gRPC status that it fails with. */
async function call<Reply>(
  who: string | undefined,
  send: (metadata: Metadata, callback: (error: ServiceError | null, reply?: Reply) => void) => void,
): Promise<Reply | number> {
  const metadata = await metadataOf(who);

  return new Promise((resolve) => {
    send(metadata, (error, reply) => resolve(error === null ? (reply as Reply) : error.code));
  });
}

const get = (who: string | undefined, approval_id: string, as = '') =>
  call(who, (metadata, callback) => client.getApproval({ approval_id, as }, metadata, callback));
const answer = (who: string | undefined, approval_id: string, how: 'approve' | 'deny', more: object = {}) =>
  call(who, (metadata, callback) => client[how]({ approval_id, ...more }, metadata, callback));

test('people see, over gRPC, what would run, and approve it; the list tells what became of it', async () => {
  const id = idOf(await desk.current.pay({ note: 'rent \u202e', pin: '1234' }));
  await expect.poll(() => get('fay', id)).toMatchObject({ withheld: '' });

  expect(await get('fay', id, 'User::"fay"')).toMatchObject({
    approval: {
      approval_id: id,
      severity: 'high',
      groups: [{ group: 'Group::"finance"', count: 1 }],
      consumed_at: null,
    },
    request: {
      principal: 'Bot::"bot"',
      context: [
        { path: 'input.amount', value: '500', redacted: false },
        { path: 'input.note', value: '"rent \\u{202e}"', redacted: false },
        { path: 'input.pin', value: '', redacted: true },
      ],
    },
  });
  expect(await answer('fay', id, 'approve', { comment: 'yes' })).toMatchObject({
    status: 'approved',
    answers: [{ approver: 'User::"fay"', comment: 'yes' }],
  });
  expect(await desk.current.pay({ note: 'rent \u202e', pin: '1234', approval_id: id })).toMatchObject({
    decision: 'allow',
  });
  const listed = await call('fay', (metadata, callback) =>
    client.listApprovals({ status: 'consumed', limit: 1 }, metadata, callback),
  );
  expect(listed).toMatchObject({
    approvals: [{ approval_id: id, consumed_by: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
  });
});

test('nobody answers over gRPC who may not over REST, nor does a call that says what is unknown', async () => {
  const id = idOf(await desk.current.pay({ note: 'held' }));
  await expect.poll(() => get('fay', id)).toMatchObject({ withheld: '' });

  expect(await get('eve', id)).toMatchObject({
    request: null,
    withheld: expect.stringContaining('none of the groups'),
  });
  expect(await answer('eve', id, 'approve')).toBe(status.PERMISSION_DENIED);
  expect(await answer(undefined, id, 'approve')).toBe(status.PERMISSION_DENIED);
  expect(await answer('fay', id, 'approve', { as: 'User::"gil"' })).toBe(status.PERMISSION_DENIED);
  expect(await answer('fay', '0199a000-0000-7000-8000-000000000000', 'deny')).toBe(status.NOT_FOUND);
  expect(await answer('fay', id, 'approve', { comment: 'x'.repeat(1_025) })).toBe(status.INVALID_ARGUMENT);
  expect(
    await call('fay', (metadata, callback) => client.listApprovals({ status: 'open' }, metadata, callback)),
  ).toBe(status.INVALID_ARGUMENT);
  expect(
    await call('fay', (metadata, callback) => client.listApprovals({ limit: 201 }, metadata, callback)),
  ).toBe(status.INVALID_ARGUMENT);
  expect(await answer('fay', id, 'deny')).toMatchObject({ status: 'denied' });
  expect(await answer('gil', id, 'approve')).toBe(status.ABORTED);
});

test('a watch tells each change, and ends with its credential', async () => {
  const id = idOf(await desk.current.pay({ note: 'watched' }));
  await expect.poll(() => get('bob', id)).toMatchObject({ withheld: '' });
  const stream: ClientReadableStream<ApprovalQuestion__Output> = client.watchApprovals(
    {},
    await metadataOf('bob'),
  );
  const told: string[] = [];
  stream.on('data', (question: ApprovalQuestion__Output) => {
    if (question.approval_id === id) told.push(question.status);
  });
  const ended = new Promise<number>((resolve) =>
    stream.once('error', (error: ServiceError) => resolve(error.code)),
  );
  await expect.poll(() => told).toEqual(['pending']);
  await answer('fay', id, 'deny');
  await expect.poll(() => told).toEqual(['pending', 'denied']);

  const { world } = desk.current;
  const own = (await desk.current.tokenOf('bob')).slice(4, 20);
  await administer(world, 'DELETE', `/v1/credentials/${own}`);
  expect(await ended).toBe(status.UNAUTHENTICATED);
});
