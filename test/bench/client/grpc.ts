import { SERVICE_NAME } from '../../../services/pdp/wire/grpc/contract.ts';
import { messageReader } from './grpc-message.ts';
import { prepareBatches, prepareEach } from './grpc-requests.ts';
import { GRPC_STATUS_OK } from './hpack.ts';
import { type Http2Connection, openHttp2 } from './http2-connection.ts';
import type { Ask, Lanes } from './load.ts';
import type { LoadOrder } from './messages.ts';
import { type Prepared, type Rotation, rotationOf } from './prepared.ts';
import { batchDecisions, decisionOf, resultOf } from './reply.ts';

const UNARY = { connections: 8, inFlight: 8 } as const;
const BATCH = { connections: 4, inFlight: 2, size: 100 } as const;
const STREAM = { connections: 8, window: 16 } as const;

/** Authorize: {@link UNARY} connections with so many calls at once on each. */
export function unaryLanes(order: LoadOrder): Lanes {
  const rotation = rotationOf(prepareEach(order));
  const connections = connect(order, UNARY.connections, 'Authorize');

  return {
    slots: times(connections, UNARY.inFlight).map((connection) =>
      call(connection, rotation, (message) => [decisionOf(message)]),
    ),
    decisionsEach: 1,
    close: () => closeAll(connections),
  };
}

/** AuthorizeBatch, each of {@link BATCH} `size` requests. */
export function batchLanes(order: LoadOrder): Lanes {
  const rotation = rotationOf(prepareBatches(order, BATCH.size));
  const connections = connect(order, BATCH.connections, 'AuthorizeBatch');

  return {
    slots: times(connections, BATCH.inFlight).map((connection) => call(connection, rotation, batchDecisions)),
    decisionsEach: BATCH.size,
    close: () => closeAll(connections),
  };
}

/** AuthorizeStream: one stream on each of {@link STREAM} connections, with a window of so many messages. */
export function streamLanes(order: LoadOrder): Lanes {
  const prepared = prepareEach(order);
  const connections = connect(order, STREAM.connections, 'AuthorizeStream');

  return {
    slots: connections.flatMap((connection) => {
      const ask = openStream(connection, rotationOf(prepared));

      return Array.from({ length: STREAM.window }, () => ask);
    }),
    decisionsEach: 1,
    close: () => closeAll(connections),
  };
}

function connect({ addresses, token }: LoadOrder, count: number, method: string): Http2Connection[] {
  return Array.from({ length: count }, (_, index) =>
    openHttp2(addresses[index % addresses.length] ?? '', {
      ':path': `/${SERVICE_NAME}/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'palisade-bench',
      authorization: `Bearer ${token}`,
    }),
  );
}

function call(
  connection: Http2Connection,
  rotation: Rotation,
  read: (message: Buffer) => readonly (string | undefined)[],
): Ask {
  return (done) => {
    const { id, bytes, want } = rotation();
    let decisions: readonly (string | undefined)[] = [];
    const stream = connection.open({
      data: messageReader((message) => {
        decisions = read(message);
      }),
      end: (trailers, problem) => done(problemOf(id, want, decisions, problem ?? statusProblem(trailers))),
    });
    stream.send(bytes, true);
  };
}

/** One stream that several slots ask on; results come in any order and are matched by their request's id. */
function openStream(connection: Http2Connection, rotation: Rotation): Ask {
  const pending = new Map<string, { readonly prepared: Prepared; readonly done: Parameters<Ask>[0] }>();
  const stream = connection.open({
    data: messageReader((message) => {
      const { requestId, decision } = resultOf(message);
      const asked = pending.get(requestId);
      if (asked === undefined) return failAll(`a result for ${requestId}, which was not asked`);

      pending.delete(requestId);
      asked.done(problemOf(requestId, asked.prepared.want, [decision], undefined));
    }),
    end: (trailers, problem) => failAll(problem ?? statusProblem(trailers) ?? 'the stream ended'),
  });

  return (done) => {
    let prepared = rotation();
    while (pending.has(prepared.id)) prepared = rotation();
    pending.set(prepared.id, { prepared, done });
    stream.send(prepared.bytes, false);
  };

  function failAll(problem: string): void {
    for (const { done } of pending.values()) done(problem);
  }
}

function statusProblem(trailers: Buffer): string | undefined {
  return trailers.includes(GRPC_STATUS_OK) ? undefined : 'the call ended with another status than OK';
}

function problemOf(
  id: string,
  want: readonly string[],
  decisions: readonly (string | undefined)[],
  problem: string | undefined,
): string | undefined {
  if (problem !== undefined) return `${id}: ${problem}`;
  if (decisions.length !== want.length) return `${id}: ${decisions.length} of ${want.length} decisions`;

  const wrong = want.findIndex((decision, index) => decisions[index] !== decision);
  return wrong === -1 ? undefined : `${id}: ${decisions[wrong]} and not ${want[wrong]}`;
}

function times(connections: readonly Http2Connection[], count: number): Http2Connection[] {
  return Array.from({ length: count }, () => connections).flat();
}

function closeAll(connections: readonly Http2Connection[]): void {
  for (const connection of connections) connection.close();
}
