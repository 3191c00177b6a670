import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { readConfig } from '../../services/pdp/config/config.ts';
import { OTHER_VARIABLES, VARIABLES } from '../../services/pdp/config/variables.ts';
import { problemOf } from './support/commands.ts';
import {
  COMPOSE_FILE,
  mountsOf,
  palisadeServices,
  readCompose,
  replicas,
  serviceOf,
} from './support/compose.ts';
import { ranWith } from './support/program.ts';

const compose = readCompose();
const services = Object.entries(compose.services);
const PDPS = replicas(compose);
const ADDRESSES = ['PALISADE_REST_ADDRESS', 'PALISADE_GRPC_ADDRESS', 'PALISADE_ADMIN_ADDRESS'] as const;

test('Docker Compose itself takes the file', ({ skip }) => {
  if (ranWith('docker', ['compose', 'version'])?.ok !== true) return skip('no docker compose on the PATH');

  const arguments_ = ['compose', '--file', COMPOSE_FILE, '--profile', 'cli', 'config', '--quiet'];
  expect(ranWith('docker', arguments_)).toEqual({ ok: true, output: '' });
});

describe.each(services)('the service %s', (name, service) => {
  test('has an image of an exact version', () => {
    expect(service.image).toMatch(/^[a-z0-9/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
  });

  test('cannot write to its root file system, gain a privilege, or be root without need', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    if (name !== 'make-secrets') {
      expect(service.cap_add).toBeUndefined();
      expect(service.user ?? '').not.toMatch(/^(0|root)\b/);
    }
  });

  test('depends on what there is, and waits for what it can wait for', () => {
    for (const [on, { condition }] of Object.entries(service.depends_on ?? {})) {
      const other = serviceOf(compose, on);
      if (condition === 'service_healthy') expect(other.healthcheck).toHaveProperty('test');
      expect(condition === 'service_completed_successfully').toBe(other.restart === 'no');
    }
  });

  test('mounts volumes that are declared and files that are in the repository', () => {
    for (const { source, readOnly } of mountsOf(service)) {
      if (source.startsWith('./')) {
        expect(existsSync(source), source).toBe(true);
        expect(readOnly, source).toBe(true);
      } else {
        expect(compose.volumes).toHaveProperty([source]);
      }
    }
  });

  test('is in networks that are declared', () => {
    for (const network of service.networks ?? []) expect(compose.networks).toHaveProperty(network);
  });

  test('names no path that is not mounted', () => {
    const roots = [...mountsOf(service).map(({ target }) => target), ...(service.tmpfs ?? [])];
    const words = [...Object.values(service.environment ?? {}), ...(service.entrypoint ?? [])];
    const paths = words.filter((word) => word.startsWith('/') && word !== '/made');

    expect(paths.filter((path) => !roots.some((root) => within(path, root)))).toEqual([]);
  });
});

describe('the file', () => {
  test('publishes no port twice', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports.map((text) => text.split(':')[1]));

    expect(new Set(ports).size).toBe(ports.length);
  });

  test('declares no volume that nobody mounts', () => {
    const mounted = new Set(services.flatMap(([, service]) => mountsOf(service).map(({ source }) => source)));

    expect(Object.keys(compose.volumes).filter((volume) => !mounted.has(volume))).toEqual([]);
  });

  test('holds no secret, and gives secrets as files', () => {
    const secrets = Object.entries({ ...VARIABLES, ...OTHER_VARIABLES }).flatMap(([name, { secret }]) =>
      secret ? [name] : [],
    );
    const environments = services.flatMap(([, { environment = {} }]) => Object.entries(environment));

    expect(environments.filter(([name]) => secrets.includes(name))).toEqual([]);
    expect(
      environments.filter(([name, value]) => /PASSWORD|SECRET|KEY/.test(name) && !value.startsWith('/')),
    ).toEqual([]);
  });

  test("keeps the authority's key from everyone but who makes it", () => {
    const holders = services.filter(([, service]) =>
      mountsOf(service).some(({ source }) => source === 'authority'),
    );

    expect(holders.map(([name]) => name)).toEqual(['make-secrets']);
  });

  test('lets nobody reach PostgreSQL but who needs it', () => {
    const near = services.filter(([, { networks = [] }]) => networks.includes('database'));

    expect(compose.networks['database']).toEqual({ internal: true });
    expect(near.map(([name]) => name).sort()).toEqual(['bootstrap', 'migrate', 'pdp-1', 'pdp-2', 'postgres']);
    expect(serviceOf(compose, 'postgres').ports).toBeUndefined();
  });

  test('starts two replicas', () => {
    expect(PDPS.map(([name]) => name)).toEqual(['pdp-1', 'pdp-2']);
  });
});

describe.each(palisadeServices(compose))('the Palisade in %s', (_name, service) => {
  const environment = service.environment ?? {};

  test('is of this version', () => {
    expect(service.image).toBe(`palisade:${manifest.version}`);
  });

  test('is told only what it reads', () => {
    const known = Object.entries({ ...VARIABLES, ...OTHER_VARIABLES }).flatMap(([name, { secret }]) =>
      secret ? [name, `${name}_FILE`] : [name],
    );
    const unknown = Object.keys(environment).filter(
      (name) => !known.includes(name) && !/^OTEL_[A-Z_]+$/.test(name) && name !== 'NODE_EXTRA_CA_CERTS',
    );

    expect(unknown).toEqual([]);
  });

  test('runs commands that there are', () => {
    const { command = ['serve'], entrypoint, healthcheck } = service;
    const lines = [
      ...(entrypoint === undefined ? [command] : commandsIn(entrypoint[1] ?? '')),
      ...(healthcheck !== undefined && 'test' in healthcheck ? [healthcheck.test.slice(2)] : []),
    ];
    // What runs in `cli` is given at the command line.
    const problems = service.profiles === undefined ? lines.map(problemOf) : [];

    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });
});

describe.each(PDPS)('the replica %s', (name, service) => {
  const environment = service.environment ?? {};

  test('has a configuration without problems', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'palisade-compose-'));
    try {
      const url = join(folder, 'database-url');
      await writeFile(url, 'postgres://palisade_server:x@postgres:5432/palisade\n');

      expect(readConfig({ ...environment, PALISADE_DATABASE_URL_FILE: url })).toMatchObject({
        PALISADE_ANONYMOUS: 'off',
        PALISADE_DURABILITY: 'durable',
        PALISADE_PROCESS_ID: name,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('is published where it listens', () => {
    const listens = ADDRESSES.map((variable) => environment[variable]?.split(':')[1]);
    const published = (service.ports ?? []).map((text) => text.split(':')[2]);

    expect(published).toEqual(listens);
    expect(listens).toEqual(ADDRESSES.map((variable) => VARIABLES[variable].default.split(':')[1]));
  });

  test('keeps its spool on a volume of its own, and its name in it', () => {
    const spool = mountsOf(service).find(({ target }) => target === environment['PALISADE_SPOOL_DIR']);
    const others = PDPS.filter(([other]) => other !== name).flatMap(([, other]) => mountsOf(other));

    expect(spool).toMatchObject({ readOnly: false });
    expect(others.map(({ source }) => source)).not.toContain(spool?.source);
    expect(service.hostname).toBe(name);
    expect(environment['PALISADE_ALLOWED_HOSTS']).toBe(name);
  });

  test('asks itself for its health over TLS, by a name that its certificate has', () => {
    expect(environment['PALISADE_ADMIN_URL']).toBe('https://127.0.0.1:7182');
    expect(readFileSync('deploy/make-secrets.sh', 'utf8')).toContain('DNS:localhost,IP:127.0.0.1');
    expect(service.healthcheck).toMatchObject({ test: ['CMD', 'palisade', 'healthcheck'] });
  });

  test('gets the time that it takes to stop', () => {
    const config = (variable: 'PALISADE_DRAIN_DELAY' | 'PALISADE_SHUTDOWN_TIMEOUT') =>
      Number.parseInt(environment[variable] ?? VARIABLES[variable].default, 10);
    const seconds = config('PALISADE_DRAIN_DELAY') + config('PALISADE_SHUTDOWN_TIMEOUT');

    // Then it drains its spool and sends what telemetry is left.
    expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThanOrEqual(seconds + 10);
  });
});

test('the roles that PostgreSQL begins with are those of the guide', () => {
  const statements = (text: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('create '))
      .map((line) => line.replace(/password (:?'[^']+')/, 'password'));
  const guide = readFileSync('docs/guide-sres.md', 'utf8');

  expect(statements(readFileSync('deploy/postgres-roles.sql', 'utf8'))).toEqual(statements(guide));
});

function within(path: string, root: string): boolean {
  const folder = root.split(':')[0] ?? '';

  return path === folder || path.startsWith(`${folder}/`);
}

/** The command lines of `palisade` in a script of ours. */
function commandsIn(script: string): string[][] {
  return readFileSync(`.${script}`, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => [...line.matchAll(/\bpalisade ([^>|)&;]+)/g)])
    .map(([, words = '']) => words.trim().split(/\s+/));
}
