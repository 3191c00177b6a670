import { relative, resolve } from 'node:path';
import { OTHER_VARIABLES } from '../../pdp/config/variables.ts';
import type { RunningServer } from '../../pdp/server.ts';
import { STARTER_BUNDLE } from './starter-bundle.ts';

/** What a new user reads after the start: where things are, and what to paste next. */
export function welcomeText(addresses: RunningServer['addresses'], home: string, database: string): string {
  const folder = relative(process.cwd(), home) || '.';
  const request = JSON.stringify({
    principal: { type: 'Agent', id: 'build-bot' },
    action: { type: 'Action', id: 'git_push' },
    resource: { type: 'Repo', id: 'palisade' },
    context: { input: { branch: 'main' } },
  });

  return `Palisade decides.

  REST decisions   http://${addresses.rest}
  gRPC decisions   ${addresses.grpc}
  administration   http://${addresses.admin}
  database         ${database}
  tokens           ${folder}/admin.token, ${folder}/runtime.token
                   (mode 0600: an agent that runs under this account can read them; give it another account)

1. Ask over REST whether an agent may push to main (it may not; try "branch":"feature/x"):

curl -s http://${addresses.rest}/v1/authorize -H 'content-type: application/json' -d '${request}'

2. Ask over gRPC:

npm exec -- node docs/examples/authorize.mjs ${addresses.grpc} file_read .env

3. Change a policy: edit a file in ${STARTER_BUNDLE} and raise \`version\` in its bundle.yaml, then

${exportsOf(addresses, home)}npm exec -- palisade bundle check ${STARTER_BUNDLE}
npm exec -- palisade bundle push ${STARTER_BUNDLE}
npm exec -- palisade deploy activate default <the digest that push printed>

Every decision is in the log: npm exec -- palisade log query --since 1h
Stop with Ctrl-C.
`;
}

/** What the commands must be told where this Palisade is not where they look for one. */
function exportsOf({ admin, rest }: RunningServer['addresses'], home: string): string {
  const { PALISADE_HOME } = OTHER_VARIABLES;
  const lines: string[] = [];
  for (const [name, address] of [
    ['PALISADE_ADMIN_URL', admin],
    ['PALISADE_URL', rest],
  ] as const) {
    const url = `http://${address}`;
    if (url !== OTHER_VARIABLES[name].default) lines.push(`export ${name}=${url}\n`);
  }
  if (home !== resolve(PALISADE_HOME.default)) lines.push(`export PALISADE_HOME=${shellText(home)}\n`);

  return lines.join('');
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
