import { parseArgs } from 'node:util';
import { stopSignal } from '../../services/cli/stop-signal.ts';
import { withPrivateWorld } from '../support/private-postgres.ts';
import { DEMOS } from './demos.ts';
import { run } from './run.ts';
import { openStage } from './stage.ts';

const USAGE = `npm run demo -- NAME

Tells a story by what really happens: three Palisade processes and a PostgreSQL of their own on free ports, an agent in a
process of its own that asks over gRPC, and people at the command line. Nothing of it is left afterwards. Exit code 1 where an
answer is another one than the story has.

${DEMOS.map(({ name, about }) => `  ${name.padEnd(16)}${about}`).join('\n')}`;

const USAGE_ERROR = 2;

const { values, positionals } = parseArgs({
  options: { help: { type: 'boolean' }, list: { type: 'boolean' } },
  allowPositionals: true,
});
const demo = DEMOS.find(({ name }) => positionals.length === 1 && name === positionals[0]);

if (values.help === true) console.log(USAGE);
else if (values.list === true) for (const { name } of DEMOS) console.log(name);
else if (demo === undefined) {
  console.error(USAGE);
  process.exitCode = USAGE_ERROR;
} else {
  process.exitCode = await run(demo, {
    withStage: (body) => withPrivateWorld((world) => body(openStage(world))),
    print: (line) => console.log(line),
    stopped: stopSignal(),
  });
}
