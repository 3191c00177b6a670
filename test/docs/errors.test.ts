import { readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { WIRE_ERRORS } from '../../services/pdp/wire/errors.ts';

test('docs/errors.md lists every error code with its HTTP and gRPC status', () => {
  const rows = [...readFileSync('docs/errors.md', 'utf8').matchAll(/^\| `(\w+)` \| (\d+) \| `(\w+)` \|/gm)];
  const documented = rows.map(([, code, http, grpc]) => ({ code, http: Number(http), grpc }));
  const actual = Object.entries(WIRE_ERRORS).map(([code, { http, grpc }]) => ({
    code,
    http,
    grpc: status[grpc],
  }));

  expect(documented).toEqual(actual);
});
