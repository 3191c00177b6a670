import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { BOUNDED } from './server.ts';

const SHOW = `console.log(JSON.stringify({
  flags: process.execArgv,
  environment: Object.fromEntries(Object.keys(${JSON.stringify(BOUNDED.environment)}).map((name) => [name, process.env[name]])),
}))`;

test('a server of tests begins with what palisade serve starts itself anew with', () => {
  const { stdout, stderr } = spawnSync(process.execPath, ['services/cli/palisade.js', 'serve'], {
    env: {
      PATH: process.env['PATH'],
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(SHOW)}`,
    },
    encoding: 'utf8',
  });
  const [typed, anew, ...more] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

  expect(stderr).toContain('PALISADE_DATABASE_URL');
  expect(typed).toEqual({ flags: [], environment: {} });
  expect([anew, more]).toEqual([BOUNDED, []]);
});
