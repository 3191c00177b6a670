import { type Request, type RequestHandler, type Response, Router } from 'express';
import { PdpError } from '../../engine/error.ts';
import type { EvaluatorName } from '../../engine/evaluator.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { ALL_STORES } from '../../store/credentials.ts';
import type { Pool } from '../../store/database.ts';
import { standingPool } from '../../store/standing.ts';
import type { Desk } from '../approvals/desk.ts';
import type { Replays } from '../replay/replays.ts';
import type { Replica } from '../replica.ts';
import type { Caller } from '../types.ts';
import { type JsonValue, jsonText } from '../wire/rest/json-text.ts';
import { respond } from '../wire/rest/respond.ts';
import type { Repeats } from './repeats.ts';
import type { SystemBundle } from './system-bundle.ts';

/** What administration works on. */
export interface AdminContext {
  /** The database, as a request is to use it: its transactions fail once its credential is good no more. */
  readonly poolFor: (request: Request) => Pool;
  readonly replica: Replica;
  readonly ledger: Ledger;
  readonly cedarVersion: string;
  readonly evaluator: EvaluatorName;
  readonly replays: Replays;
  /** Holds who administers to its rate limit. @throws PdpError `overloaded`. */
  readonly charge: (caller: Caller) => void;
  /** Decides who may administer what. */
  readonly system: SystemBundle;
  readonly repeats: Repeats;
  /** Where people answer what policies leave to them. */
  readonly desk: Desk;
  /** Aborts once this process stops: what is answered for as long as somebody listens ends then. */
  readonly stopping: AbortSignal;
  /** Problems that make this process not ready; empty: it is. */
  readonly unready: () => readonly string[];
  /** What is to be known of a process that decides all the same; empty: nothing. */
  readonly warnings: () => readonly string[];
}

/** A router whose paths are exact; it takes over nothing of that from its application. */
export function createRouter(): Router {
  return Router({ caseSensitive: true, strict: true });
}

/** Who administers, and how to ask again; every route but the open ones has one. */
const callers = new WeakMap<Request, { readonly caller: Caller; readonly again: () => void }>();

/** Lets through whom `authenticate` names, as often as their rate limit says; what they may do is decided call by call. */
export function requireCaller(
  authenticate: (request: Request) => Caller,
  charge: AdminContext['charge'],
): RequestHandler {
  return (request, _response, next) => {
    const caller = authenticate(request);
    charge(caller);
    callers.set(request, { caller, again: () => void authenticate(request) });
    next();
  };
}

/** Where there is nothing to decide: whoever administers nothing is not told so. */
export const refuseAgents: RequestHandler = (request, _response, next) => {
  if (adminOf(request).roles.includes('runtime')) {
    throw new PdpError('permission_denied', 'a runtime credential administers nothing');
  }
  next();
};

export function adminOf(request: Request): Caller {
  return knownOf(request).caller;
}

/** A pool as who administers uses it: see {@link standingPool}. */
export function actingPool(request: Request, pool: Pool): Pool {
  const { credential_id } = adminOf(request);
  if (credential_id === undefined) throw new PdpError('internal', 'an administrator without a credential');

  return standingPool(pool, credential_id);
}

/** How often it is asked whether somebody who is answered for long still has a good credential, in milliseconds. */
const AGAIN_MS = 500;

/**
 * Ends a long answer once nobody may have it: the client went away, or its credential was revoked or has expired.
 * @throws PdpError `unauthenticated` where the credential is good no more already.
 */
export function goneSignal(request: Request, response: Response): AbortSignal {
  const { again } = knownOf(request);
  again();
  const gone = new AbortController();
  const asking = setInterval(() => {
    try {
      again();
    } catch (thrown) {
      end(thrown);
    }
  }, AGAIN_MS);
  const leave = (): void => end(new PdpError('unavailable', 'the client went away'));
  if (response.destroyed) leave();
  else response.once('close', leave);

  return gone.signal;

  function end(reason: unknown): void {
    clearInterval(asking);
    gone.abort(reason);
  }
}

function knownOf(request: Request) {
  const known = callers.get(request);
  if (known === undefined) throw new PdpError('internal', 'an administrative route without its caller');

  return known;
}

/** The stores that a caller may see; `undefined`: all. */
export function visibleStores(request: Request): readonly string[] | undefined {
  const { stores } = adminOf(request);

  return stores.includes(ALL_STORES) ? undefined : stores;
}

/** @throws PdpError `not_found`: a store that the credential does not name is, for it, not there. */
export function storeOf(request: Request): string {
  const store = String(request.params['store']);
  const visible = visibleStores(request);
  if (visible !== undefined && !visible.includes(store)) {
    throw new PdpError('not_found', `there is no store ${store}`, { field: 'store' });
  }

  return store;
}

/** Lets the answering process know at once what was changed; where that fails, its next poll does. */
export async function followChange({ replica }: Pick<AdminContext, 'replica'>): Promise<void> {
  await replica.refresh().catch(() => undefined);
  await replica.settled();
}

export function reply(request: Request, response: Response, status: number, body: JsonValue): void {
  respond(
    request,
    response,
    status,
    { 'content-type': 'application/json', 'cache-control': 'no-store' },
    jsonText(body),
  );
}
