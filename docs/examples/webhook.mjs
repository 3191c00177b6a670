// The smallest receiver of Palisade's events in Node, without any package:
//
//   node docs/examples/webhook.mjs SECRET_FILE [port]
//
// Prints each event once. What is not signed with the secret, or was signed long ago, is refused with 401.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const AGE_S = 300;

const [, , secretFile, port = '0'] = process.argv;
const secret = readFileSync(secretFile, 'utf8').trim();
// A real receiver keeps these where they outlive it, for a day.
const seen = new Set();

/** Whether Palisade signed exactly these bytes, within the last five minutes. */
function isSigned(secret, header, body) {
  const { t, v1 } = Object.fromEntries((header ?? '').split(',').map((part) => part.split('=')));
  if (!/^\d+$/.test(t) || Math.abs(Date.now() / 1000 - Number(t)) > AGE_S) return false;

  const expected = createHmac('sha256', secret).update(`${t}.`).update(body).digest();
  const given = Buffer.from(v1 ?? '', 'hex');

  return given.length === expected.length && timingSafeEqual(given, expected);
}

const server = createServer(async (request, response) => {
  const body = await buffer(request);
  if (!isSigned(secret, request.headers['palisade-signature'], body)) {
    response.writeHead(401).end();
    return;
  }

  const id = request.headers['palisade-event-id'];
  if (!seen.has(id)) console.log(body.toString());
  seen.add(id);
  response.writeHead(204).end();
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
