import { createHmac } from 'node:crypto';

/**
 * What `Palisade-Signature` holds: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">`. The time is signed with the body, so that whoever has
 * seen a delivery cannot repeat it later.
 */
export function signatureOf(secret: string, body: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1_000);
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');

  return `t=${seconds},v1=${mac}`;
}
