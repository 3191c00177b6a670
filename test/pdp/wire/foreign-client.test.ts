import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PARC, type Wire, withWire } from './support.ts';

const PYTHON = process.env['PALISADE_TEST_PYTHON'] ?? 'python3';
const CLIENT = fileURLToPath(new URL('../../e2e/foreign_client.py', import.meta.url));
const PROTO_DIR = fileURLToPath(new URL('../../../proto', import.meta.url));

const able = spawnSync(PYTHON, ['-c', 'import grpc, grpc_tools']).status === 0;
const HOW = `${PYTHON} lacks grpcio: "pip install grpcio grpcio-tools", or name a Python that has it in PALISADE_TEST_PYTHON`;

describe("a client that Python's own protobuf compiler makes from proto/ alone", () => {
  test('gets decisions in all three ways', async ({ skip }) => {
    skip(!able, HOW);

    await withWire(async (wire) => {
      const context = { fields: [{ name: 'big', value: { long: '-9223372036854775808' } }] };
      const answers = await run(wire, { ...PARC, request_id: 'r-1', mode: 'CHECK', context });

      const response = { decision: 'ALLOW', request_id: 'r-1', state_sequence: '9007199254740993' };
      expect(answers).toMatchObject({
        authorize: response,
        batch: { results: [{ response }, { index: 1, response }] },
        stream: { request_id: 'r-1', response },
      });
      expect(wire.service.calls).toHaveLength(4);
      for (const { call } of wire.service.calls) {
        expect(call).toMatchObject({
          ...PARC,
          mode: 'check',
          context: { fields: new Map([['big', -(2n ** 63n)]]) },
        });
      }
    });
  });
});

function run({ grpcPort }: Wire, request: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = execFile(PYTHON, [CLIENT, PROTO_DIR, `127.0.0.1:${grpcPort}`], (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(new Error(stderr));
    });
    child.stdin?.end(JSON.stringify(request));
  });
}
