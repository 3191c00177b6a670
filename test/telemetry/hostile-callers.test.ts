import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { Metadata } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { withGrpc } from '../pdp/support/grpc.ts';
import { type HttpCall, send } from '../pdp/support/http.ts';
import { metricsOf, type Observed, useObserved } from './support/observed.ts';

const QUESTION = {
  principal: { type: 'Agent', id: 'build-bot' },
  action: { type: 'Action', id: 'git_push' },
  resource: { type: 'Repo', id: 'palisade' },
  context: { input: { branch: 'main' } },
};
const WELL_FORMED = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`;

/** Values that begin a trace of our own, or are dropped. */
const HOSTILE_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { traceparent: '' },
  { traceparent: 'x'.repeat(10_000) },
  { traceparent: `${WELL_FORMED}, ${WELL_FORMED}` },
  { traceparent: '00-00000000000000000000000000000000-0000000000000000-01' },
  { traceparent: WELL_FORMED, tracestate: 'x'.repeat(10_000) },
  { traceparent: WELL_FORMED, tracestate: '=,=,,;\t"' },
  { traceparent: WELL_FORMED, tracestate: Array.from({ length: 100 }, (_, n) => `k${n}=v`).join(',') },
  { traceparent: WELL_FORMED, baggage: 'a=b'.repeat(1_000) },
  { 'user-agent': 'x'.repeat(8_000), 'x-forwarded-for': '"\\\n'.slice(0, 2) },
];

function ask({ server, world }: Observed, call: Partial<HttpCall> = {}, members = {}) {
  return send(server.addresses.rest, {
    method: 'POST',
    path: '/v1/authorize',
    body: JSON.stringify({ ...QUESTION, ...members }),
    ...call,
    headers: {
      authorization: `Bearer ${world.runtimeToken}`,
      'content-type': 'application/json',
      ...call.headers,
    },
  });
}

/** Series by their names and labels alone; those of the SDK know nothing of calls. */
async function seriesOf({ server }: Observed): Promise<readonly string[]> {
  const lines = (await metricsOf(server)).split('\n').filter((line) => /^(?!otel_)\w/.test(line));

  return lines.map((line) => line.replace(/ # .*$/, '').replace(/ \S+$/, '')).toSorted();
}

const observed = useObserved('grpc', { OTEL_TRACES_SAMPLER: 'always_on' });

test('nothing that callers make up becomes a label, and none of it harms a decision', async () => {
  const seen = observed();
  const { receiver } = seen;
  // One of each kind of answer, so that their series are there.
  expect((await ask(seen)).json).toMatchObject({ decision: 'deny' });
  await ask(seen, { path: '/v1/nothing' });
  await ask(seen, { method: 'GET' });
  await ask(seen, { headers: { host: 'evil.example' } });
  await ask(seen, { body: '{' });
  await ask(seen, { headers: { authorization: 'Bearer nobody' } });
  await seriesOf(seen);
  const before = await seriesOf(seen);

  for (const headers of HOSTILE_HEADERS) {
    expect((await ask(seen, { headers })).json).toMatchObject({ decision: 'deny' });
  }
  const odd = Array.from({ length: 1_000 }, (_, n) => `tool-${n}-${randomBytes(4).toString('hex')}`);
  await Promise.all(
    odd.map(async (name) => {
      const run = { run_id: name, tool_name: name, agent_id: name, conversation_id: name };
      const { json } = await ask(seen, {}, { run, request_id: name });
      expect(json).toMatchObject({ decision: 'deny' });
    }),
  );
  for (const name of odd.slice(0, 100)) {
    await ask(seen, { path: `/v1/${name}` });
    await ask(seen, { headers: { host: `${name}.example` } });
    await ask(seen, { headers: { authorization: `Bearer ${name}` } });
    await ask(seen, { body: JSON.stringify({ ...QUESTION, [name]: 1 }) });
  }

  expect(await seriesOf(seen)).toEqual(before);
  const hosts = new Set(receiver.spans().map(({ attributes }) => attributes['server.address']));
  expect([...hosts].every((host) => host === undefined || host === '127.0.0.1')).toBe(true);
});

test('a method that HTTP does not know becomes no label, and metadata that is hostile harms no call', async () => {
  const {
    server,
    world: { runtimeToken },
  } = observed();
  expect(
    await raw(server.addresses.rest, 'MKCALENDAR /v1/authorize HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  ).toContain('405');
  expect(await metricsOf(server)).toContain('http_request_method="_OTHER"');
  expect(await metricsOf(server)).not.toContain('MKCALENDAR');

  await withGrpc(server.addresses.grpc, async (client) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${runtimeToken}`);
    metadata.add('traceparent', WELL_FORMED);
    metadata.add('traceparent', WELL_FORMED);
    metadata.add('tracestate', '\u007e'.repeat(4_000));
    metadata.add('x-bin', randomBytes(1_000));
    const { context, ...rest } = QUESTION;
    const reply = await new Promise((resolve, reject) =>
      client.authorize({ ...rest, context_json: JSON.stringify(context) }, metadata, (error, answer) =>
        error ? reject(error) : resolve(answer),
      ),
    );
    expect(reply).toMatchObject({ decision: 'DENY' });
  });
});

/** The first bytes of the answer to bytes that no client of ours would send. */
function raw(address: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(`http://${address}`);

  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString('latin1'));
    });
    socket.once('error', reject);
  });
}
