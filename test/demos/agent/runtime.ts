/**
 * The runtime of an agent, in a process of its own. All that it knows of Palisade is the contract in proto/, where the replicas
 * are, and its token; it asks them in turns, as a balancer does. Each line of its input is an {@link AgentCall}, each line of
 * its output how one ended. What it was allowed to do, it does: it leaves a file in its folder, named after the decision.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import type { AgentCall, AgentSetting, Deed, Ended } from './messages.ts';

/** Far more than a decision takes, and than people in a demo do. */
const DEADLINE_MS = 60_000;

const { addresses, token, folder } = JSON.parse(process.argv[2] ?? '') as AgentSetting;
const contract = loadSync('palisade/v1/authorization.proto', {
  includeDirs: ['proto'],
  keepCase: true,
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
});
const methods = contract['palisade.v1.AuthorizationService'] as ServiceDefinition;
const channels = addresses.map((address) => new Client(address, credentials.createInsecure()));
const metadata = Metadata.fromHttp2Headers({ authorization: `Bearer ${token}` });

for await (const line of createInterface({ input: process.stdin })) {
  void carryOut(JSON.parse(line) as AgentCall);
}
for (const channel of channels) channel.close();

async function carryOut(call: AgentCall): Promise<void> {
  const ended = await ask(call);
  const { reply } = ended;
  // Anything but ALLOW is a deny, and what is not enforced allows nothing.
  if (reply?.decision === 'ALLOW' && reply.enforcement === 'ENFORCED') {
    const deed: Deed = { call: call.message, obligations: reply.obligations ?? [] };
    await writeFile(join(folder, `${reply.decision_id}.json`), JSON.stringify(deed));
  }
  process.stdout.write(`${JSON.stringify(ended)}\n`);
}

function ask({ id, method, message }: AgentCall): Promise<Ended> {
  const replica = id % channels.length;
  const { path, requestSerialize, responseDeserialize } = methods[method] as ServiceDefinition[string];

  return new Promise((resolve) => {
    channels[replica]?.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      message,
      metadata,
      { deadline: Date.now() + DEADLINE_MS },
      (error, reply) => {
        const how = error === null ? { reply } : { error: `${status[error.code]}: ${error.details}` };
        resolve({ id, replica, ...how } as Ended);
      },
    );
  });
}
