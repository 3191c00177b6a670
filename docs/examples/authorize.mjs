// The smallest gRPC client: may the agent build-bot do this to the repository palisade?
//
//   node docs/examples/authorize.mjs 127.0.0.1:7181 file_read .env
//   node docs/examples/authorize.mjs 127.0.0.1:7181 git_push feature/x
//
// Prints the decision. Exit codes: 0 allowed; 1 not allowed; 2 nothing was decided, which a caller treats as not allowed.
// PALISADE_TOKEN holds the runtime token, if the server wants one.

import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const DEADLINE_MS = 2_000;

const [address = '127.0.0.1:7181', action = 'file_read', argument = '.env'] = process.argv.slice(2);
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

const request = {
  principal: { type: 'Agent', id: 'build-bot' },
  action: { type: 'Action', id: action },
  resource: { type: 'Repo', id: 'palisade' },
  context_json: JSON.stringify({ input: action === 'git_push' ? { branch: argument } : { path: argument } }),
};

client.Authorize(request, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, response) => {
  client.close();
  if (error) {
    console.error(`not allowed: no decision (${error.message})`);
    process.exitCode = 2;
    return;
  }

  // Anything but ALLOW is a deny: an absent or unknown value too.
  const allowed = response.decision === 'ALLOW' && response.enforcement !== 'CHECK_ONLY';
  console.log(`${allowed ? 'allowed' : 'not allowed'}: ${action} ${argument} (${response.reason_code})`);
  if (response.message) console.log(response.message);
  console.log(`decision ${response.decision_id} by bundle ${response.bundle.digest}`);
  process.exitCode = allowed ? 0 : 1;
});
