import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import * as semconv from '@opentelemetry/semantic-conventions/incubating';
import { afterAll, expect, test, vi } from 'vitest';
import { bundleName } from '../../services/store/bundles.ts';
import { createPool, withTransaction } from '../../services/store/pool.ts';
import { enqueueEvent } from '../../services/store/webhooks/enqueue.ts';
import { ATTRIBUTES, type AttributeDefinition, EVENTS, SPANS } from '../../services/telemetry/attributes.ts';
import type { MetricDefinition } from '../../services/telemetry/metric-definition.ts';
import { METRICS } from '../../services/telemetry/metric-names.ts';
import { prometheusName } from '../../services/telemetry/open-metrics.ts';
import { newKey } from '../bundles/signature/craft.ts';
import { makeCertificate } from '../cli/support/certificate.ts';
import { withGrpc } from '../pdp/support/grpc.ts';
import { send } from '../pdp/support/http.ts';
import { push, requireSignatures, signatureOf } from '../pdp/support/signing.ts';
import type { Attributes } from '../support/otlp/received.ts';
import type { OtlpReceiver } from '../support/otlp/receiver.ts';
import { deployFolder } from '../support/server.ts';
import { metricsOf, type Observed, withObserved } from './support/observed.ts';

const TYPES: Readonly<Record<AttributeDefinition['type'], (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  'string[]': (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
  int: (value) => typeof value === 'bigint',
};

const folder = mkdtempSync(join(tmpdir(), 'palisade-catalogue-'));
afterAll(() => rmSync(folder, { recursive: true }));

const BATCH = 'palisade.v1.AuthorizationService/AuthorizeBatch';
const EVENTS_OF_NOISE = 9;

/** What the SDK says of itself is its own. */
const OF_THE_SDK = /^otel[._]/;

test('what is sent is what the page on telemetry names, with those types, and nothing of it is missing', {
  timeout: 60_000,
}, async () => {
  const { cert, key } = await makeCertificate(folder);
  const everything = {
    OTEL_TRACES_SAMPLER: 'always_on',
    PALISADE_TLS_CERT_FILE: cert,
    PALISADE_TLS_KEY_FILE: key,
    PALISADE_WEBHOOKS_FILE: webhooksFile(),
  };
  await withObserved('http/protobuf', everything, async (observed) => {
    const digest = await deployFolder(
      observed.world,
      observed.server.addresses.admin,
      'test/telemetry/support/noisy-bundle',
    );
    await requireSigned(observed, [digest, observed.digest]);
    await makeNoise(observed);
    await makeEvent(observed);

    const { receiver } = observed;
    for (const last of ['palisade.wait_for_state', BATCH, 'GET /v1/stores', 'SELECT']) {
      await receiver.waitFor(({ spans }) => spans().find(({ name }) => name === last));
    }
    await receiver.waitFor(({ logs }) => logs()[EVENTS_OF_NOISE - 1]);
    for (const last of [
      'palisade.policy.errors',
      'palisade.signatures.remaining',
      'rpc.server.call.duration',
      'palisade.candidate.evaluation.p99',
      'palisade.canary.interventions',
      'palisade.webhooks.attempts',
    ]) {
      await receiver.waitFor(({ metrics }) => metrics().find(({ name }) => name === last));
    }
    const sent = attributesOf(receiver);
    for (const [name, values] of sent) {
      const definition: AttributeDefinition | undefined = ATTRIBUTES[name as keyof typeof ATTRIBUTES];
      expect(definition, `${name} is not documented`).toBeDefined();
      for (const value of values) {
        expect(TYPES[definition.type](value), `${name} = ${String(value)} is no ${definition.type}`).toBe(
          true,
        );
      }
    }
    expect(Object.keys(ATTRIBUTES).filter((name) => !sent.has(name))).toEqual([]);

    const ofEvents = new Set(receiver.logs().map(({ eventName }) => eventName));
    expect([...ofEvents].toSorted()).toEqual(Object.keys(EVENTS).toSorted());
    const inner = receiver.spans().filter(({ kind }) => kind === 'internal');
    expect(new Set(inner.map(({ name }) => name))).toEqual(
      new Set(Object.keys(SPANS).filter((name) => name !== 'postgresql')),
    );
    expect(receiver.spans().some(({ kind, name }) => kind === 'client' && name === 'SELECT')).toBe(true);

    const metrics = new Set(receiver.metrics().map(({ name }) => name));
    expect([...metrics].filter((name) => !OF_THE_SDK.test(name)).toSorted()).toEqual(
      Object.keys(METRICS).toSorted(),
    );
    expect([...metrics].some((name) => OF_THE_SDK.test(name))).toBe(true);
    expect(namesIn(await metricsOf(observed.server))).toEqual(
      new Set(
        Object.entries<MetricDefinition>(METRICS).map(([name, metric]) =>
          prometheusName({ name, ...metric }),
        ),
      ),
    );
  });
});

test('names that claim to be standard are in the semantic conventions', () => {
  const standard = new Set(Object.values<unknown>(semconv));
  const named: Readonly<Record<string, object>> = { ...ATTRIBUTES, ...METRICS };
  const claimed = Object.keys(named).filter((name) => 'standard' in (named[name] ?? {}));

  expect(claimed.filter((name) => !standard.has(name))).toEqual([]);
});

/** Has the store require what its bundles have, so that there is something to count down. */
async function requireSigned({ world }: Observed, digests: readonly string[]): Promise<void> {
  const pool = createPool({ connection: world.database.servingUrl, max: 1 });
  try {
    const key = newKey();
    for (const digest of digests) {
      await push(pool, signatureOf(key, digest, { bundle: await bundleName(pool, digest) }));
    }
    await requireSignatures(pool, [key], 1);
  } finally {
    await pool.end();
  }
}

/** An endpoint that takes nothing. */
function webhooksFile(): string {
  const file = join(folder, 'webhooks.json');
  const endpoint = {
    name: 'nobody',
    url: 'http://127.0.0.1:1/',
    secret: 'nobody has to know this one, or could',
  };
  writeFileSync(file, JSON.stringify({ endpoints: [endpoint] }), { mode: 0o600 });

  return file;
}

async function makeEvent({ world }: Observed): Promise<void> {
  const pool = createPool({ connection: world.database.servingUrl, max: 1 });
  try {
    await vi.waitFor(async () =>
      expect((await pool.query('select from webhook_endpoints')).rows).toHaveLength(1),
    );
    await withTransaction(pool, (client) =>
      enqueueEvent(client, { store: 'default', kind: 'break_glass.opened', payload: {} }),
    );
  } finally {
    await pool.end();
  }
}

/** Calls that between them make every span, event, metric and attribute. */
async function makeNoise({ server, world, digest }: Observed): Promise<void> {
  const authorization = `Bearer ${world.runtimeToken}`;
  const uid = (type: string, id: string) => ({ type, id });
  const request = (n: number, members = {}) => ({
    principal: uid('User', 'u'),
    action: uid('Action', 'read'),
    resource: uid('Doc', 'd'),
    request_id: `r-${n}`,
    run: {
      run_id: 'run',
      agent_id: 'agent',
      tool_name: 'tool',
      tool_call_id: 'call',
      conversation_id: 'talk',
    },
    ...members,
  });
  const rest = (n: number, members = {}) =>
    send(server.addresses.rest, {
      method: 'POST',
      path: '/v1/authorize',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ ...request(n), context: { n }, ...members }),
    });

  const admin = (method: string, path: string, body?: object) =>
    send(server.addresses.admin, {
      method,
      path,
      headers: { authorization: `Bearer ${world.adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  for (const n of [0, 1, 3]) expect((await rest(n)).status).toBe(200);
  const opened = await admin('POST', '/v1/stores/default/break-glass', {
    ...{ principal: { type: 'User', every: true }, actions: 'all', reason: 'r', ticket: 't', minutes: 5 },
  });
  const underGlass = { at_least_sequence: opened.json?.['state_sequence'] };
  expect((await rest(1, { action: uid('Action', 'count'), ...underGlass })).status).toBe(200);
  const received = { action: uid('Action', 'receive'), context: { label: 'pii' } };
  expect((await rest(1, received)).status).toBe(200);
  const { json: decided } = await rest(1, { idempotency_key: 'once' });
  expect((await rest(1, { idempotency_key: 'once' })).json).toMatchObject({ replayed: true });
  const reported = await send(server.addresses.rest, {
    method: 'POST',
    path: `/v1/decisions/${decided?.['decision_id']}/outcome`,
    headers: { authorization, 'content-type': 'application/json' },
    body: '{"outcome":"success"}',
  });
  expect(reported.status).toBe(200);
  expect((await rest(1, { at_least_sequence: 1_000_000 })).status).toBe(503);
  expect((await rest(1, { principal: uid('Nobody', 'u') })).status).toBe(400);
  await withGrpc(server.addresses.grpc, (client) => {
    const batch = [1, 2].map((n) => ({ ...request(n), context_json: JSON.stringify({ n }) }));

    return new Promise((resolve, reject) => {
      const metadata = Metadata.fromHttp2Headers({ authorization });
      client.authorizeBatch({ requests: batch }, metadata, (error) =>
        error ? reject(error) : resolve(undefined),
      );
    });
  });
  const change = async (path: string, body: object) =>
    expect((await admin('POST', `/v1/stores/default/deployment/${path}`, body)).status).toBe(200);

  // A candidate that refuses what the active bundle decides: as a shadow it is compared, as a canary it is ended.
  await change('monitor', { monitor: { policies: null } });
  await change('shadow', { digest });
  expect((await rest(0)).status).toBe(200);
  for (let count = 0; count < 60; count += 1) expect((await rest(1)).status).toBe(200);
  await change('canary', { digest, percent: 100, limits: { max_error_rate: '0', min_sample: 1 } });
  expect((await rest(1)).status).toBe(400);
  await admin('GET', '/v1/stores');
}

function attributesOf({ spans, logs, metrics }: OtlpReceiver): ReadonlyMap<string, ReadonlySet<unknown>> {
  const sent = new Map<string, Set<unknown>>();
  const add = (attributes: Attributes) => {
    for (const [name, value] of Object.entries(attributes)) {
      sent.set(name, (sent.get(name) ?? new Set()).add(value));
    }
  };

  for (const { attributes } of [...spans(), ...logs()]) add(attributes);
  for (const { name, points } of metrics()) {
    if (!OF_THE_SDK.test(name)) for (const { attributes } of points) add(attributes);
  }
  const id = spans()[0]?.resource['palisade.process_id'];
  if (id !== undefined) add({ 'palisade.process_id': id });

  return sent;
}

function namesIn(text: string): ReadonlySet<string> {
  const types = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)];
  const names = types.map(([, name = '', kind]) => (kind === 'counter' ? `${name}_total` : name));

  return new Set(names.filter((name) => !OF_THE_SDK.test(name)));
}
