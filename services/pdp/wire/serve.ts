import { PdpError, toPdpError } from '../../engine/error.ts';
import type { CallSignal } from '../call-signal.ts';
import type { Observer } from '../observe/observer.ts';
import type { Operation } from '../observe/operation.ts';
import { mapInTurns } from '../turns.ts';
import type {
  AuthorizeCall,
  Caller,
  CallNotes,
  CallScope,
  DecisionReply,
  DecisionService,
  TraceContext,
  Transport,
} from '../types.ts';
import { withinDeadline } from './deadline.ts';

/** A call, or one message of a stream, that a transport refused before the decision service saw it. */
export interface Refusal {
  readonly error: PdpError;
  /** Absent where nobody knows who calls: the credential was refused, or the call before it. */
  readonly caller: Caller | undefined;
  readonly transport: Transport;
  readonly trace: TraceContext;
}

/** What every handler of a transport needs. */
export interface Handling {
  readonly service: DecisionService;
  /** Told of each refusal, so that it can be counted and, where a caller is known, recorded. */
  readonly onRefusal: (refusal: Refusal) => void;
  readonly observer: Pick<Observer, 'begin' | 'answered' | 'responded'>;
}

/** One call as its transport sees it. */
export interface Exchange<Request, Reply> {
  readonly operation: Operation;
  readonly transport: Transport;
  readonly trace: TraceContext;
  /** Aborts when the caller is gone. */
  readonly left: CallSignal;
  /** @throws PdpError `unauthenticated`. */
  readonly authenticate: () => Caller;
  /** @throws PdpError where the request cannot be read. */
  readonly read: () => Request | Promise<Request>;
  /** Milliseconds from now until the decision must be there. */
  readonly timeoutMs: () => number;
  readonly decide: (request: Request, scope: CallScope) => Promise<Reply>;
}

/**
 * Walks one call through what all transports share: who calls, what they ask, the decision within its deadline.
 * @throws PdpError in every case but a decision.
 */
export async function serve<Request, Reply>(
  handling: Handling,
  exchange: Exchange<Request, Reply>,
): Promise<Reply> {
  const { operation, trace } = exchange;
  const notes: CallNotes = { steps: [], notable: false };
  const startedAt = performance.now();
  try {
    const reply = await decide(handling, exchange, notes);
    handling.observer.answered({ operation, trace, notes, startedAt, error: undefined });

    return reply;
  } catch (thrown) {
    const error = toPdpError(thrown);
    handling.observer.answered({ operation, trace, notes, startedAt, error });
    throw error;
  }
}

async function decide<Request, Reply>(
  handling: Handling,
  exchange: Exchange<Request, Reply>,
  notes: CallNotes,
): Promise<Reply> {
  const { transport, trace } = exchange;
  const { caller, request } = await admit(handling, exchange);

  return withinDeadline(exchange.timeoutMs(), exchange.left, (bounds) =>
    exchange.decide(request, { caller, transport, trace, notes, ...bounds }),
  );
}

/** A request of a batch as it was read. */
export interface BatchRequest {
  /** Also there where the rest cannot be read, if it can be found. */
  readonly request_id: string;
  readonly call: AuthorizeCall | PdpError;
}

/** The requests of a batch as they were cut out of its message, and how one of them is read. */
export interface UnreadBatch {
  readonly items: readonly Buffer[];
  readonly read: (item: Buffer) => BatchRequest;
}

/** What came of one request of a batch, and its place there. */
export interface BatchOutcome {
  readonly request_id: string;
  readonly index: number;
  readonly outcome: DecisionReply | PdpError;
}

/** Decides the readable requests of a batch; the others keep their error. As many outcomes as requests, in their order. */
export async function decideBatch(
  service: DecisionService,
  { items, read }: UnreadBatch,
  scope: CallScope,
): Promise<readonly BatchOutcome[]> {
  const ids: string[] = [];
  const readAll = () =>
    mapInTurns(items, (item) => {
      const { request_id, call } = read(item);
      ids.push(request_id);

      return call;
    });
  const outcomes = await service.authorizeBatch({ size: items.length, read: readAll }, scope);
  if (outcomes.length !== items.length) throw new PdpError('internal', 'internal error');

  return outcomes.map((outcome, index) => ({ request_id: ids[index] ?? '', index, outcome }));
}

async function admit<Request, Reply>(
  handling: Handling,
  exchange: Exchange<Request, Reply>,
): Promise<{ readonly caller: Caller; readonly request: Request }> {
  let caller: Caller | undefined;
  try {
    caller = exchange.authenticate();

    return { caller, request: await exchange.read() };
  } catch (thrown) {
    const error = toPdpError(thrown);
    handling.onRefusal({ error, caller, transport: exchange.transport, trace: exchange.trace });
    throw error;
  }
}
