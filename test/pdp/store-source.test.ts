import { expect, test } from 'vitest';
import { storeBundle } from '../bundles/stored/store-bundle.ts';
import { pushBundle } from '../support/shared-store.ts';
import { sharedWorld } from '../support/shared-world.ts';

test('a server refuses the upload of a bundle that reads the store, and says by which type', async () => {
  const { status, body } = await pushBundle(await sharedWorld(), storeBundle());

  expect(status).toBe(400);
  expect(body).toMatchObject({
    code: 'invalid_request',
    detail: expect.stringContaining('1 problem(s) and is not stored'),
    problems: expect.arrayContaining([
      expect.objectContaining({
        severity: 'error',
        code: 'source_unavailable',
        message: expect.stringMatching(/^Team has the source store/),
      }),
    ]),
  });
});
