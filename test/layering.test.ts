import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Imports run downwards only; telemetry may be imported from everywhere and imports nothing of ours. */
const LAYERS = ['cli', 'pdp', 'ledger', 'store', 'bundles', 'engine', 'telemetry'];

interface Import {
  readonly from: string;
  readonly to: string;
}

const files = globSync('services/**/*.{ts,js}');
const imports = files.flatMap((from) => importsOf(from).map((to): Import => ({ from, to })));
const internal = imports.filter(({ to }) => to.startsWith('services/'));

describe('imports', () => {
  test('are found at all', () => {
    expect(files.length).toBeGreaterThan(100);
    expect(internal.length).toBeGreaterThan(300);
  });

  test('run downwards only', () => {
    const upwards = internal.filter(
      ({ from, to }) => layerOf(to) < layerOf(from) && areaOf(to) !== 'telemetry',
    );

    expect(upwards).toEqual([]);
  });

  test('never lead out of telemetry', () => {
    expect(
      internal.filter(({ from, to }) => areaOf(from) === 'telemetry' && areaOf(to) !== 'telemetry'),
    ).toEqual([]);
  });

  test('keep the engine pure: no I/O, no clock, no logging', () => {
    const allowed = new Set(['node:crypto']);
    const impure = imports.filter(
      ({ from, to }) =>
        areaOf(from) === 'engine' &&
        !from.startsWith('services/engine/cedar/') &&
        !to.startsWith('services/') &&
        !allowed.has(to),
    );
    const clocks = files.filter(
      (file) =>
        areaOf(file) === 'engine' &&
        /\bDate\.now\b|\bnew Date\(\)|performance\.now|console\./.test(readFileSync(file, 'utf8')),
    );

    expect(impure).toEqual([]);
    expect(clocks).toEqual([]);
  });

  test('keep transports away from SQL and from Cedar', () => {
    const foreign = imports.filter(
      ({ from, to }) =>
        from.startsWith('services/pdp/wire/') &&
        (to === 'pg' ||
          to.startsWith('@cedar-policy/') ||
          to.startsWith('services/store/') ||
          to.startsWith('services/engine/cedar/')),
    );

    expect(foreign).toEqual([]);
  });

  test('reach only packages that the project declares', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const packages = new Set(
      imports
        .map(({ to }) => to)
        .filter((to) => !to.startsWith('services/') && !to.startsWith('node:') && to !== 'package.json')
        .map(packageOf),
    );

    expect([...packages].filter((name) => !Object.hasOwn(dependencies, name))).toEqual([]);
  });
});

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  const specifiers = [
    ...source.matchAll(/^(?:import|export)\b[^;]*?\bfrom '([^']+)'|\bimport\('([^']+)'\)/gm),
  ];

  return specifiers.flatMap(([, fixed, dynamic]) => {
    const specifier = fixed ?? dynamic;
    if (specifier === undefined) return [];

    return [specifier.startsWith('.') ? normalize(join(dirname(file), specifier)) : specifier];
  });
}

function areaOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function layerOf(path: string): number {
  return LAYERS.indexOf(areaOf(path));
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
