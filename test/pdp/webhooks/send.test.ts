import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { sendDelivery } from '../../../services/pdp/webhooks/send.ts';

const DELIVERY = {
  endpoint: 'receiver',
  event_id: '5e5ad0bb-3ae1-4e4f-a05d-4ad6e1f6f3d2',
  attempts: 1,
  store: 'default',
  kind: 'break_glass.opened',
  payload: '{}',
  created_at: new Date(),
};

test('says by name why an endpoint was not told', async () => {
  const hanging = createServer(() => undefined);
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  const { port } = hanging.address() as AddressInfo;
  const problem = (at: number, signal: AbortSignal) =>
    sendDelivery({ url: new URL(`http://127.0.0.1:${at}/`), secret: 's' }, DELIVERY, signal);

  expect(await problem(port, AbortSignal.timeout(50))).toBe('TimeoutError');
  hanging.closeAllConnections();
  hanging.close();
  expect(await problem(port, AbortSignal.timeout(5_000))).toBe('ECONNREFUSED');
});
