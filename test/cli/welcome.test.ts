import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { welcomeText } from '../../services/cli/start/welcome.ts';

const ADDRESSES = { rest: '127.0.0.1:7180', grpc: '127.0.0.1:7181', admin: '127.0.0.1:7182' };

test('where everything is where commands look for it, nothing is to be set', () => {
  expect(welcomeText(ADDRESSES, resolve('.palisade'), 'here')).not.toContain('export ');
});

test('what commands must be told is there to be pasted', () => {
  const elsewhere = { ...ADDRESSES, rest: '127.0.0.1:9180' };
  const text = welcomeText(elsewhere, "/srv/o'clock", 'here');

  expect(text).toContain(
    "export PALISADE_URL=http://127.0.0.1:9180\nexport PALISADE_HOME='/srv/o'\\''clock'\n",
  );
  expect(text).not.toContain('PALISADE_ADMIN_URL');
  expect(welcomeText({ ...ADDRESSES, admin: '127.0.0.1:9182' }, resolve('.palisade'), 'here')).toContain(
    'export PALISADE_ADMIN_URL=http://127.0.0.1:9182\n',
  );
});
