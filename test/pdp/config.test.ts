import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../services/pdp/config/config.ts';
import { ConfigError } from '../../services/pdp/config/config-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'palisade-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

const REQUIRED = {
  PALISADE_DATABASE_URL: 'postgres://serving@db.example/palisade',
  PALISADE_SPOOL_DIR: '/var/lib/palisade/spool',
  PALISADE_KEYRING_FILE: '/etc/palisade/keyring.json',
};
const TLS = { PALISADE_TLS_CERT_FILE: '/etc/tls.crt', PALISADE_TLS_KEY_FILE: '/etc/tls.key' };

function problemsOf(environment: Record<string, string>, insecure = false): readonly string[] {
  try {
    readConfig({ ...REQUIRED, ...environment }, { insecure });
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.problems;
    throw thrown;
  }

  return [];
}

describe('readConfig()', () => {
  test('fills in what is absent, and cannot be changed afterwards', () => {
    const config = readConfig(REQUIRED);

    expect(config).toMatchObject({
      PALISADE_REST_ADDRESS: { host: '127.0.0.1', port: 7180, loopback: true },
      PALISADE_ANONYMOUS: 'loopback',
      PALISADE_DURABILITY: 'durable',
      PALISADE_MAX_STALENESS: 3_600_000,
      PALISADE_VERIFY_SAMPLE: 0.001,
      PALISADE_ALLOWED_HOSTS: undefined,
      PALISADE_TLS_CERT_FILE: undefined,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('lists every problem at once, each with its variable', () => {
    expect(() => readConfig({ PALISADE_REST_ADDRESS: 'nowhere', PALISADE_ANONYMUS: 'off' })).toThrow(
      expect.objectContaining({
        problems: [
          expect.stringMatching(/^PALISADE_ANONYMUS is not a variable/),
          expect.stringMatching(/^PALISADE_DATABASE_URL is required: /),
          expect.stringMatching(/^PALISADE_REST_ADDRESS must be host:port/),
          expect.stringMatching(/^PALISADE_SPOOL_DIR is required: /),
          expect.stringMatching(/^PALISADE_KEYRING_FILE is required: /),
        ],
        message: expect.stringContaining('5 problem(s)'),
      }),
    );
  });

  test('takes variables of other commands and of tests for known, and of others for none of its business', () => {
    expect(
      problemsOf({
        PALISADE_ADMIN_URL: 'x',
        PALISADE_TOKEN_FILE: '/t',
        PALISADE_TEST_ANY: 'x',
        PATH: '/bin',
      }),
    ).toEqual([]);
  });

  test.each(['PALISADE_SPOOL_DIR_FILE', 'PALISADE_REST_ADDRESS_FILE'])(
    'knows no %s: only secrets come from files',
    (name) => {
      expect(problemsOf({ [name]: '/x' })).toEqual([expect.stringContaining(`${name} is not a variable`)]);
    },
  );

  test.each([
    ['PALISADE_DATABASE_URL', ['', 'mysql://db', 'db.example']],
    [
      'PALISADE_REST_ADDRESS',
      ['', '7180', ':7180', '127.0.0.1', '127.0.0.1:65536', '127.0.0.1:-1', '::1:7180', 'a b:1:2'],
    ],
    ['PALISADE_MAX_STALENESS', ['', '1', '-1h', '1 h', '1w', '25d', '1.5h']],
    ['PALISADE_SPOOL_MAX_BYTES', ['', '-1', '1e9', '1GiB', '1.5']],
    ['PALISADE_ANONYMOUS', ['', 'on', 'true', 'LOOPBACK']],
    ['PALISADE_DURABILITY', ['', 'none']],
    ['PALISADE_REFLECTION', ['', 'yes']],
    ['PALISADE_ALLOWED_HOSTS', ['', ',', 'a,,b', 'https://a.example']],
    ['PALISADE_LOG_LEVEL', ['', 'verbose']],
    ['PALISADE_PROCESSES', ['', '0', '-1', '1.5', '65', '100', '01', 'all']],
    ['PALISADE_VERIFY_SAMPLE', ['', '-0.1', '1.1', '2', '1e-3', '.5', '10%', '0,5', 'NaN']],
  ])('refuses a malformed %s', (name, values) => {
    for (const value of values) {
      const problems = problemsOf({ [name]: value });

      expect(problems, value).not.toEqual([]);
      expect(problems[0], value).toContain(name);
    }
  });

  test.each([
    ['0', 0],
    ['1', 1],
    ['0.25', 0.25],
  ])('takes %s for a share', (text, share) => {
    expect(readConfig({ ...REQUIRED, PALISADE_VERIFY_SAMPLE: text }).PALISADE_VERIFY_SAMPLE).toBe(share);
  });

  test.each([
    ['1', 1],
    ['9', 9],
    ['10', 10],
    ['64', 64],
    ['auto', Math.min(availableParallelism(), 64)],
  ])('takes %s for a number of processes', (text, processes) => {
    expect(readConfig({ ...REQUIRED, PALISADE_PROCESSES: text }).PALISADE_PROCESSES).toBe(processes);
  });

  test.each(['127.0.0.1:0', '127.9.9.9:0', 'localhost:0', '[::1]:0'])('takes %s for loopback', (address) => {
    const { PALISADE_REST_ADDRESS } = readConfig({ ...REQUIRED, PALISADE_REST_ADDRESS: address });

    expect(PALISADE_REST_ADDRESS.loopback).toBe(true);
  });

  test.each([
    '0.0.0.0:0',
    '[::]:0',
    '10.0.0.1:0',
    '128.0.0.1:0',
    'localhost.example:0',
    '127.0.0.1.example:0',
    '[::ffff:10.0.0.1]:0',
  ])('opens %s only with TLS', (address) => {
    for (const name of ['PALISADE_REST_ADDRESS', 'PALISADE_GRPC_ADDRESS', 'PALISADE_ADMIN_ADDRESS']) {
      expect(problemsOf({ [name]: address })).toEqual([expect.stringContaining(`${name} is not loopback`)]);
      expect(problemsOf({ [name]: address, ...TLS })).toEqual([]);
    }
  });

  test('opens decisions without TLS where that is asked for, and administration never', () => {
    expect(
      problemsOf({ PALISADE_REST_ADDRESS: '0.0.0.0:1', PALISADE_GRPC_ADDRESS: '0.0.0.0:2' }, true),
    ).toEqual([]);
    expect(problemsOf({ PALISADE_ADMIN_ADDRESS: '0.0.0.0:3' }, true)).toEqual([
      expect.stringContaining('PALISADE_ADMIN_ADDRESS is not loopback'),
    ]);
  });

  test.each([
    ['a certificate without its key', { PALISADE_TLS_CERT_FILE: '/c' }, 'go together'],
    ['a key without its certificate', { PALISADE_TLS_KEY_FILE: '/k' }, 'go together'],
    ['client certificates without an authority', { ...TLS, PALISADE_TLS_CLIENT: 'optional' }, 'needs'],
    [
      'client certificates without a certificate of its own',
      { PALISADE_TLS_CLIENT: 'required', PALISADE_TLS_CLIENT_CA_FILE: '/ca' },
      'PALISADE_TLS_CLIENT=required needs PALISADE_TLS_CLIENT_CA_FILE, PALISADE_TLS_CERT_FILE and PALISADE_TLS_KEY_FILE',
    ],
    [
      'an authority that nobody is asked about',
      { ...TLS, PALISADE_TLS_CLIENT_CA_FILE: '/ca' },
      'PALISADE_TLS_CLIENT_CA_FILE is of no use',
    ],
    ['a poll that never rests', { PALISADE_POLL_INTERVAL: '0ms' }, 'PALISADE_POLL_INTERVAL'],
    [
      'a staleness that every poll exceeds',
      { PALISADE_MAX_STALENESS: '100ms', PALISADE_POLL_INTERVAL: '1s' },
      'PALISADE_MAX_STALENESS',
    ],
  ])('refuses %s', (_what, environment, problem) => {
    expect(problemsOf(environment)).toEqual([expect.stringContaining(problem)]);
  });
});

describe('secrets from files', () => {
  const { PALISADE_DATABASE_URL: url, ...others } = REQUIRED;
  const file = join(folder, 'url');
  writeFileSync(file, `${url}\n`);

  test('come without the line break at their end', () => {
    expect(readConfig({ ...others, PALISADE_DATABASE_URL_FILE: file }).PALISADE_DATABASE_URL).toBe(url);
  });

  test('are refused beside the variable itself, also where both say the same', () => {
    expect(problemsOf({ PALISADE_DATABASE_URL_FILE: file })).toContain(
      'PALISADE_DATABASE_URL and PALISADE_DATABASE_URL_FILE are both set; keep one',
    );
  });

  test('are refused where the file cannot be read', () => {
    expect(() => readConfig({ ...others, PALISADE_DATABASE_URL_FILE: join(folder, 'none') })).toThrow(
      /PALISADE_DATABASE_URL_FILE cannot be read: ENOENT/,
    );
  });

  test('are not quoted in what is said of them', () => {
    const secret = join(folder, 'secret');
    writeFileSync(secret, 'mysql://user:hunter2@db');

    for (const environment of [
      { ...others, PALISADE_DATABASE_URL_FILE: secret },
      { ...others, PALISADE_DATABASE_URL: 'mysql://user:hunter2@db' },
    ]) {
      expect(() => readConfig(environment)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
      );
    }
  });
});
