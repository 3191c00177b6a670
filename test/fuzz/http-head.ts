import type { Random } from '../engine/data/random.ts';
import type { Method } from './edge-case.ts';

export interface RandomHead {
  readonly head: string;
  readonly chunked: boolean;
  /** Whether a server may refuse it by closing the connection, without an answer of its own. */
  readonly odd: boolean;
}

interface About {
  readonly method: Method;
  readonly token: string;
  readonly bytes: number;
}

const ODD = [
  'Content-Length: 1',
  'Content-Length: 0',
  'Content-Length: -1',
  'Content-Length: 1e3',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: chunked, chunked',
  'Content-Encoding: gzip',
  'Content-Type: text/plain',
  'Content-Type: application/json; charset=utf-16',
  'Host: evil.example',
  'Host: 127.0.0.1, evil.example',
  'Origin: http://evil.example',
  'Authorization: Bearer x',
  'Authorization: Basic eDp4',
  'Authorization:',
  'Expect: 200-ok',
  'Upgrade: websocket',
  'X\u0000Y: 1',
  'no colon',
  `X-Long: ${'x'.repeat(20_000)}`,
  'traceparent: 00-00000000000000000000000000000000-0000000000000000-01',
  'traceparent: junk',
  'X-HTTP-Method-Override: GET',
  '__proto__: x',
];
const TARGETS = [
  'GET /v1/authorize',
  'POST /v1/authorize/',
  'POST /v1/Authorize',
  'POST //v1/authorize',
  'PATCH *',
];

/** A head for a body; one in eight is odd. */
export function randomHead(random: Random, { method, token, bytes }: About): RandomHead {
  const odd = random.oneIn(8);
  const chunked = random.oneIn(4);
  const path = method === 'batch' ? '/v1/authorize/batch' : '/v1/authorize';
  const start = odd && random.oneIn(6) ? random.pick(TARGETS) : `POST ${path}`;
  const lines = [
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    `Content-Type: application/json${random.oneIn(5) ? '; charset=utf-8' : ''}`,
    chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`,
    'Connection: close',
  ];
  if (odd) {
    const line = random.pick(ODD);
    const name = line.split(':')[0];
    const same = lines.findIndex((other) => other.split(':')[0] === name);
    if (same === -1 || random.oneIn(3)) lines.push(line);
    else lines[same] = line;
  }

  return { head: `${start} HTTP/1.1\r\n${random.shuffle(lines).join('\r\n')}\r\n\r\n`, chunked, odd };
}
