import { connect as http2Connect } from 'node:http2';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { service as healthDefinition, protoPath } from 'grpc-health-check';
import { describe, expect, test } from 'vitest';
import { SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import { lengthDelimited } from './protobuf-bytes.ts';
import { replyTo } from './recorder.ts';
import { authorize, grpcClient, http, PARC, until, type Wire, withWire } from './support.ts';

describe('grpc.health.v1', () => {
  test('says by service name whether decisions are served', async () => {
    await withWire(async (wire) => {
      expect(await check(wire, '')).toEqual({ status: 'NOT_SERVING' });
      wire.grpc.serving(true);
      expect(await check(wire, '')).toEqual({ status: 'SERVING' });
      expect(await check(wire, SERVICE_NAME)).toEqual({ status: 'SERVING' });
      wire.grpc.serving(false);
      expect(await check(wire, SERVICE_NAME)).toEqual({ status: 'NOT_SERVING' });
    });
  });

  test('does not know another service', async () => {
    await withWire(async (wire) => {
      await expect(check(wire, 'x'.repeat(100_000))).rejects.toMatchObject({ code: status.NOT_FOUND });
    });
  });

  test('tells a watcher of each change, and lets it go at shutdown', async () => {
    await withWire(async (wire) => {
      const { seen, ended } = watch(wire, SERVICE_NAME);
      await until(() => seen.length === 1);
      wire.grpc.serving(true);
      await until(() => seen.length === 2);
      const started = performance.now();
      await wire.grpc.shutdown(25_000);
      await ended;

      expect(seen).toEqual(['NOT_SERVING', 'SERVING', 'NOT_SERVING']);
      expect(performance.now() - started).toBeLessThan(5_000);
    });
  });

  test('tells a watcher of an unknown service that it is unknown, and nothing more', async () => {
    await withWire(async (wire) => {
      const { seen, ended } = watch(wire, 'other');
      await until(() => seen.length === 1);
      wire.grpc.serving(true);
      await wire.grpc.shutdown(5_000);
      await ended;

      expect(seen).toEqual(['SERVICE_UNKNOWN']);
    });
  });
});

describe('reflection', () => {
  // ServerReflectionRequest; the replies are read as text, for the names in them.
  const listServices = lengthDelimited(7, '');
  const describeService = lengthDelimited(4, SERVICE_NAME);

  test('lists the services where it is switched on', async () => {
    await withWire(
      async (wire) => {
        const reply = await reflect(wire, listServices);

        expect(reply).toContain(SERVICE_NAME);
        expect(reply).toContain('grpc.health.v1.Health');
      },
      { reflection: true },
    );
  });

  test('describes the contract together with what it imports', async () => {
    await withWire(
      async (wire) => {
        const reply = await reflect(wire, describeService);

        expect(reply).toContain(lengthDelimited(1, 'google_protobuf.proto').toString('latin1'));
        expect(reply).toContain(lengthDelimited(3, 'google_protobuf.proto').toString('latin1'));
      },
      { reflection: true },
    );
  });

  test('is not there otherwise', async () => {
    await withWire(async (wire) => {
      await expect(reflect(wire, listServices)).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    });
  });
});

describe('a hostile gRPC client', () => {
  test('that sends half a message is not waited for', async () => {
    await withWire(
      async (wire) => {
        const session = http2Connect(`http://127.0.0.1:${wire.grpcPort}`);
        const stream = session.request({
          ':method': 'POST',
          ':path': `/${SERVICE_NAME}/Authorize`,
          'content-type': 'application/grpc',
          te: 'trailers',
        });
        stream.on('error', () => undefined);
        const answered = new Promise<unknown>((resolve) =>
          stream.once('response', (headers) => resolve(headers['grpc-status'])),
        );
        stream.write(Buffer.from([0, 0, 0, 1, 0, 0x0a]));

        expect(await answered).toBe(String(status.DEADLINE_EXCEEDED));
        session.destroy();
      },
      { receiveTimeoutMs: 50 },
    );
  });

  test('that sends no message, two messages or another content type decides nothing', async () => {
    await withWire(async (wire) => {
      const message = Buffer.from([0, 0, 0, 0, 0]);
      expect(await rawGrpc(wire, 'application/grpc', Buffer.alloc(0))).not.toBe('0');
      expect(await rawGrpc(wire, 'application/grpc', Buffer.concat([message, message]))).not.toBe('0');
      expect(await rawGrpc(wire, 'application/json', message)).toBeUndefined();
      expect(wire.service.calls).toEqual([]);
    });
  });
});

describe('shutting down', () => {
  test('answers what is in flight and takes nothing new', async () => {
    await withWire(async (wire) => {
      const gate = Promise.withResolvers<void>();
      wire.service.decide = async (call, scope) => {
        await gate.promise;
        return replyTo(call, scope);
      };
      const inFlight = authorize(wire, PARC);
      await until(() => wire.service.calls.length === 1);
      const closed = wire.grpc.shutdown(5_000);
      const late = grpcClient(wire.grpcPort);
      await expect(
        new Promise((resolve, reject) =>
          late.authorize(PARC, (error) => (error ? reject(error) : resolve(null))),
        ),
      ).rejects.toMatchObject({
        code: status.UNAVAILABLE,
      });
      late.close();
      gate.resolve();

      expect((await inFlight).reply).toMatchObject({ decision: 'ALLOW' });
      await closed;
    });
  });

  test('cuts off at its deadline what does not end', async () => {
    await withWire(async (wire) => {
      wire.service.decide = () => new Promise(() => undefined);
      const inFlight = authorize(wire, PARC);
      await until(() => wire.service.calls.length === 1);
      await wire.grpc.shutdown(20);

      expect((await inFlight).error).toBeDefined();
    });
  });

  test('twice is the same as once', async () => {
    await withWire(async (wire) => {
      await Promise.all([
        wire.grpc.shutdown(100),
        wire.grpc.shutdown(100),
        wire.rest.close(100),
        wire.rest.close(100),
      ]);
    });
  });
});

describe('binding', () => {
  test('fails where the port is taken', async () => {
    await withWire(async (wire) => {
      await expect(wire.rest.listen('127.0.0.1', wire.grpcPort)).rejects.toThrow();
      expect(await http(wire, { body: JSON.stringify(PARC) })).toMatchObject({ status: 200 });
    });
  });
});

function healthClient({ grpcPort }: Wire): Client {
  return new Client(`127.0.0.1:${grpcPort}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
}

function check(wire: Wire, service: string): Promise<unknown> {
  const client = healthClient(wire);
  const { path, requestSerialize, responseDeserialize } = method('Check');

  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, (error, reply) => {
      client.close();
      if (error === null) resolve(reply);
      else reject(error);
    });
  });
}

function watch(wire: Wire, service: string): { readonly seen: string[]; readonly ended: Promise<void> } {
  const client = healthClient(wire);
  const seen: string[] = [];
  const { path, requestSerialize, responseDeserialize } = method('Watch');
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service });
  stream.on('data', (reply: { status: string }) => seen.push(reply.status));
  stream.on('error', () => undefined);

  return {
    seen,
    ended: new Promise((resolve) => {
      stream.on('end', () => {
        client.close();
        resolve();
      });
    }),
  };
}

function method(name: string) {
  const definition = healthDefinition[name];
  if (definition === undefined) throw new Error(`${protoPath} has no ${name}`);

  return definition;
}

async function reflect(wire: Wire, request: Buffer): Promise<string> {
  const client = healthClient(wire);
  const stream = client.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    (bytes: Buffer) => bytes,
    (bytes: Buffer) => bytes.toString('latin1'),
  );
  try {
    return await new Promise((resolve, reject) => {
      stream.on('data', resolve);
      stream.on('error', (error: ServiceError) => reject(error));
      stream.write(request);
      stream.end();
    });
  } finally {
    client.close();
  }
}

function rawGrpc({ grpcPort }: Wire, contentType: string, body: Buffer): Promise<unknown> {
  const session = http2Connect(`http://127.0.0.1:${grpcPort}`);
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${SERVICE_NAME}/Authorize`,
    'content-type': contentType,
    te: 'trailers',
  });
  stream.end(body);

  return new Promise((resolve) => {
    stream.on('response', (headers) => {
      session.destroy();
      resolve(headers['grpc-status']);
    });
    stream.on('error', () => undefined);
  });
}
