import { connect } from 'node:net';
import type { BenchRequest } from '../workload.ts';
import type { Ask, Lanes } from './load.ts';
import type { LoadOrder } from './messages.ts';
import { type Prepared, type Rotation, requestsOf, rotationOf } from './prepared.ts';

const CONNECTIONS = 32;
const HEAD_END = '\r\n\r\n';

/** POST /v1/authorize over HTTP/1.1: so many connections that stay open, one request at a time on each. */
export function restLanes(order: LoadOrder): Lanes {
  const prepared = requestsOf(order).map((request) => prepare(request, order.token));
  const lanes = Array.from({ length: CONNECTIONS }, (_, index) =>
    openLane(order.addresses[index % order.addresses.length] ?? '', rotationFrom(prepared, index)),
  );

  return {
    slots: lanes.map(({ ask }) => ask),
    decisionsEach: 1,
    close() {
      for (const lane of lanes) lane.close();
    },
  };
}

interface Lane {
  readonly ask: Ask;
  close(): void;
}

interface Asked {
  readonly prepared: Prepared;
  readonly done: Parameters<Ask>[0];
}

function openLane(address: string, rotation: Rotation): Lane {
  const at = address.lastIndexOf(':');
  const socket = connect({ host: address.slice(0, at), port: Number(address.slice(at + 1)), noDelay: true });
  let asked: Asked | undefined;
  let received = '';

  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
    const end = endOf(received);
    if (end === undefined || received.length < end) return;

    const response = received;
    received = '';
    settle((prepared) => problemOf(prepared, response));
  });
  socket.on('error', (error) => settle(() => error.message));
  socket.on('close', () => settle(() => 'the connection was closed'));

  return {
    ask(done) {
      asked = { prepared: rotation(), done };
      socket.write(asked.prepared.bytes);
    },

    close() {
      socket.destroy();
    },
  };

  function settle(problem: (prepared: Prepared) => string | undefined): void {
    const settled = asked;
    asked = undefined;
    settled?.done(problem(settled.prepared));
  }
}

function prepare(request: BenchRequest, token: string): Prepared {
  const { id, principal, action, resource, context, entities, runId, want } = request;
  const run = { run_id: runId, step: 7, tool_call_id: `call-${id}` };
  const members = JSON.stringify({ principal, action, resource, request_id: id, run });
  const body = `${members.slice(0, -1)},"context":${context},"entities":${entities}}`;
  const head = [
    'POST /v1/authorize HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];

  return { id, bytes: Buffer.from(`${head.join('\r\n')}${HEAD_END}${body}`), want: [want] };
}

/** The same requests in the same order for all, each beginning elsewhere. */
function rotationFrom(prepared: readonly Prepared[], lane: number): Rotation {
  const first = Math.floor((lane * prepared.length) / CONNECTIONS);

  return rotationOf([...prepared.slice(first), ...prepared.slice(0, first)]);
}

/** Where the response ends; `undefined` where that cannot be said yet. Both servers say how long it is. */
function endOf(response: string): number | undefined {
  const head = response.indexOf(HEAD_END);
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(response)?.[1];

  return head === -1 || length === undefined ? undefined : head + HEAD_END.length + Number(length);
}

function problemOf({ id, want }: Prepared, response: string): string | undefined {
  if (!response.startsWith('HTTP/1.1 200 ')) return `${id}: ${response.slice(0, response.indexOf('\r\n'))}`;

  return response.includes(`${HEAD_END}{"decision":"${want[0]}"`) ? undefined : `${id}: not ${want[0]}`;
}
