import { connect } from 'node:net';
import { ANSWER_MS, type Answer, BROKEN, type Decided, NO_ANSWER, type Outcome } from './answer.ts';
import type { EdgeCase } from './edge-case.ts';

/** Writes a case to a connection of its own, byte for byte, and reads to its end. */
export async function sendRest(port: number, edge: EdgeCase): Promise<Answer> {
  const sent = await exchange(port, [edge.head, ...framed(edge)]);
  if (typeof sent !== 'string') return { items: [], refused: sent };

  const end = sent.replace(/^HTTP\/1\.1 100 .*?\r\n\r\n/s, '');
  const [, status = '', body = ''] = /^HTTP\/1\.1 (\d+).*?\r\n\r\n(.*)$/s.exec(end) ?? [];
  if (status === '') return { items: [], refused: { code: BROKEN, message: sent.slice(0, 200) } };
  if (status !== '200') return { items: [], refused: refusal(status, body) };

  return { items: itemsOf(edge, JSON.parse(body)), refused: undefined };
}

function framed({ bodies, chunkBytes }: EdgeCase): Buffer[] {
  const body = Buffer.concat(bodies);
  if (chunkBytes === 0) return [body];

  const chunks: Buffer[] = [];
  for (let start = 0; start < body.length; start += chunkBytes) {
    const chunk = body.subarray(start, start + chunkBytes);
    chunks.push(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
  }

  return [...chunks, Buffer.from('0\r\n\r\n')];
}

function exchange(
  port: number,
  parts: readonly (string | Buffer)[],
): Promise<string | { code: string; message: string }> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    const timer = setTimeout(() => {
      resolve({ code: NO_ANSWER, message: Buffer.concat(received).toString('latin1').slice(0, 200) });
      socket.destroy();
    }, ANSWER_MS);
    socket.on('data', (chunk) => received.push(chunk));
    // What the server did not want to read may end in a reset after its answer.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(received).toString('utf8'));
    });
    for (const part of parts) socket.write(part);
  });
}

function refusal(status: string, body: string): { code: string; message: string } {
  const { code, detail } = (body.startsWith('{') ? JSON.parse(body) : {}) as {
    code?: string;
    detail?: string;
  };

  return { code: code ?? `http ${status}`, message: detail ?? body };
}

interface ResponseBody {
  readonly decision: string;
  readonly reason_code: string;
  readonly enforcement: string;
  readonly evaluated_at: string;
  readonly explanation?: {
    readonly determining_policies: readonly { readonly policy_id: string }[];
    readonly errors: readonly { readonly policy_id: string }[];
    readonly cedar_decision: string;
  };
}

interface ResultBody {
  readonly index: number;
  readonly response?: ResponseBody;
  readonly error?: { readonly code: string; readonly message: string };
}

function itemsOf({ method }: EdgeCase, body: unknown): { key: string; outcome: Outcome }[] {
  if (method === 'authorize') return [{ key: '0', outcome: decided(body as ResponseBody) }];

  return (body as { results: ResultBody[] }).results.map(({ index, response, error }) => ({
    key: String(index),
    outcome:
      response === undefined ? (error ?? { code: BROKEN, message: 'an empty result' }) : decided(response),
  }));
}

function decided(body: ResponseBody): Decided {
  const { explanation } = body;

  return {
    decision: body.decision,
    reasonCode: body.reason_code,
    enforcement: body.enforcement,
    evaluatedAt: body.evaluated_at,
    explanation: explanation && {
      determining: explanation.determining_policies.map(({ policy_id }) => policy_id),
      errors: explanation.errors.map(({ policy_id }) => policy_id),
      cedarDecision: explanation.cedar_decision,
    },
  };
}
