// Many questions over one gRPC stream: may the agent build-bot read these files of the repository palisade?
//
//   node docs/examples/stream.mjs 127.0.0.1:7181 README.md .env
//
// Replies may overtake each other: `request_id` says what each one answers. What has no answer is not allowed, and makes the
// exit code 2.
// A runtime that keeps its stream open gives each question a time of its own, and the stream no deadline.
// PALISADE_TOKEN holds the runtime token, if the server wants one.

import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const DEADLINE_MS = 2_000;

const [address = '127.0.0.1:7181', ...paths] = process.argv.slice(2);
const token = process.env.PALISADE_TOKEN;

const contract = loadSync('palisade/v1/authorization.proto', {
  includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
  keepCase: true,
  enums: String,
  longs: String,
});
const { AuthorizationService } = loadPackageDefinition(contract).palisade.v1;
const client = new AuthorizationService(address, credentials.createInsecure());

const metadata = new Metadata();
if (token) metadata.set('authorization', `Bearer ${token}`);

const waiting = new Map(paths.map((path, index) => [`question-${index}`, path]));
const stream = client.AuthorizeStream(metadata, { deadline: Date.now() + DEADLINE_MS });

stream.on('data', ({ request_id, response, error }) => {
  const path = waiting.get(request_id);
  if (!waiting.delete(request_id)) return;

  // Anything but ALLOW is a deny: an error, an absent or an unknown value too.
  const allowed = response?.decision === 'ALLOW' && response.enforcement !== 'CHECK_ONLY';
  console.log(`${allowed ? 'allowed' : 'not allowed'}: ${path} (${response?.reason_code ?? error?.code})`);
});
stream.on('error', ({ message }) => console.error(`the stream ended: ${message}`));
stream.on('close', () => {
  for (const path of waiting.values()) console.log(`not allowed: ${path} (no decision)`);
  if (waiting.size > 0) process.exitCode = 2;
  client.close();
});

for (const [request_id, path] of waiting) {
  stream.write({
    request_id,
    principal: { type: 'Agent', id: 'build-bot' },
    action: { type: 'Action', id: 'file_read' },
    resource: { type: 'Repo', id: 'palisade' },
    context_json: JSON.stringify({ input: { path } }),
  });
}
stream.end();
