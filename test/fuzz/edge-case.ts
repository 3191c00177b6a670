import { Random } from '../engine/data/random.ts';
import { type Asked, randomAsked } from './asked.ts';
import { bodyText, grpcBytes } from './encode.ts';
import type { FuzzBundle } from './fuzz-bundle.ts';
import { randomHead } from './http-head.ts';
import { mutateBytes, mutateText } from './mutate.ts';

export type Method = 'authorize' | 'batch' | 'stream';

/** One thing that is sent, complete: nothing of it is random any more. */
export interface EdgeCase {
  readonly seed: number;
  readonly index: number;
  readonly transport: 'grpc' | 'rest';
  readonly method: Method;
  /** The messages of a gRPC call; over REST exactly one body. */
  readonly bodies: readonly Buffer[];
  /** REST alone: start line and headers; what they say of the body may be wrong. */
  readonly head: string;
  /** REST alone: the body in chunks of so many bytes; 0: as a whole, by Content-Length. */
  readonly chunkBytes: number;
  /** REST alone: whether the head is one that the server may answer by closing the connection. */
  readonly oddHead: boolean;
}

export interface CaseSource {
  readonly seed: number;
  readonly bundles: readonly FuzzBundle[];
  readonly token: string;
}

const BATCH_ITEMS = 4;

/** The case of a number: the same seed and number, the same case, whatever was made before. */
export function edgeCase({ seed, bundles, token }: CaseSource, index: number): EdgeCase {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const transport = random.pick(['grpc', 'rest'] as const);
  const method = random.oneIn(5) ? pickMany(random, transport) : 'authorize';
  const many = method === 'authorize' ? 1 : 1 + random.below(BATCH_ITEMS);
  const asked = Array.from({ length: many }, (_, item) =>
    randomAsked(random, random.pick(bundles), `${index}-${item}`),
  );

  if (transport === 'grpc') {
    const bodies = asked.map((one) => mutatedMessage(random, one));

    return { seed, index, transport, method, bodies, head: '', chunkBytes: 0, oddHead: false };
  }

  const body = mutatedBody(random, asked, method);
  const { head, odd, chunked } = randomHead(random, { method, token, bytes: body.length });
  const chunkBytes = chunked ? 1 + random.below(Math.max(1, body.length)) : 0;

  return { seed, index, transport, method, bodies: [body], head, chunkBytes, oddHead: odd };
}

function pickMany(random: Random, transport: EdgeCase['transport']): Method {
  return transport === 'grpc' ? random.pick(['batch', 'stream'] as const) : 'batch';
}

/** Half of all messages are as they should be, a quarter is changed in its JSON, a quarter in its bytes. */
function mutatedMessage(random: Random, asked: Asked): Buffer {
  const how = random.below(4);
  const bytes = grpcBytes(random, how === 0 ? mutatedAsked(random, asked) : asked, how === 0);

  return how === 1 ? mutateTimes(random, bytes, mutateBytes) : bytes;
}

function mutatedBody(random: Random, asked: readonly Asked[], method: Method): Buffer {
  const how = random.below(4);
  const texts = asked.map((one) =>
    how === 0 ? mutateTimes(random, bodyText(one), mutateText) : bodyText(one),
  );
  const body = Buffer.from(method === 'batch' ? `{"requests":[${texts.join()}]}` : (texts[0] ?? ''));

  return how === 1 ? mutateTimes(random, body, mutateBytes) : body;
}

function mutatedAsked(random: Random, asked: Asked): Asked {
  return random.oneIn(2)
    ? { ...asked, context: mutateTimes(random, asked.context, mutateText) }
    : { ...asked, entities: mutateTimes(random, asked.entities, mutateText) };
}

function mutateTimes<T>(random: Random, start: T, mutate: (random: Random, before: T) => T): T {
  let mutated = mutate(random, start);
  while (random.oneIn(3)) mutated = mutate(random, mutated);

  return mutated;
}
