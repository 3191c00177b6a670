import type { Delivery } from '../../store/webhooks/deliveries.ts';
import type { Endpoint } from './read-endpoints.ts';
import { signatureOf } from './signature.ts';

/** Time of one attempt, from the look-up of the name to the status. */
export const SEND_MS = 10_000;

/**
 * Tells an endpoint of an event, once. Only a status from 200 to 299 says that it was taken; nothing else of the answer is read, and no
 * redirect is followed: it would send what is signed to whom nobody has named.
 * @returns why it failed; `undefined`: it did not.
 */
export async function sendDelivery(
  { url, secret }: Pick<Endpoint, 'url' | 'secret'>,
  delivery: Delivery,
  stopping: AbortSignal,
): Promise<string | undefined> {
  const body = bodyOf(delivery);
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([stopping, AbortSignal.timeout(SEND_MS)]),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Palisade',
        'palisade-event': delivery.kind,
        'palisade-event-id': delivery.event_id,
        'palisade-signature': signatureOf(secret, body, Date.now()),
      },
      body,
    });
    await response.body?.cancel().catch(() => undefined);

    return response.ok ? undefined : `HTTP ${response.status}`;
  } catch (thrown) {
    return reasonOf(thrown);
  }
}

/** The same bytes at each attempt. */
export function bodyOf({ event_id, kind, store, payload, created_at }: Delivery): string {
  const head = JSON.stringify({ event_id, kind, store, time: created_at.toISOString() });

  return `${head.slice(0, -1)},"data":${payload}}`;
}

/** `fetch` says only that it failed; why is in its cause. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;

  if (!(cause instanceof Error)) return String(cause);

  // What is aborted has a number there, of a list that nobody knows.
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
