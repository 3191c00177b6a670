import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isInCanary, unitOf } from '../../services/pdp/assign.ts';
import { runOf } from './support/calls.ts';

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const digests = fc.constantFrom(`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`);
const percents = fc.integer({ min: 1, max: 100 });
const RUNS = Array.from({ length: 4_000 }, (_, index) => `run-${index}`);

/** The runs of {@link RUNS} that a canary gets. */
function chosen(key: Uint8Array, percent: number, digest = 'sha256:x'): Set<string> {
  return new Set(RUNS.filter((unit) => isInCanary({ key, digest, percent }, unit)));
}

describe('a canary', () => {
  test('keeps every run that it has when its percentage is raised', () => {
    fc.assert(
      fc.property(keys, digests, percents, percents, fc.string(), (key, digest, one, other, unit) => {
        const [lower, higher] = [Math.min(one, other), Math.max(one, other)];
        const before = isInCanary({ key, digest, percent: lower }, unit);

        return !before || isInCanary({ key, digest, percent: higher }, unit);
      }),
    );
  });

  test('gets all runs at 100 per cent, and the same one always', () => {
    fc.assert(
      fc.property(keys, digests, percents, fc.string(), (key, digest, percent, unit) => {
        expect(isInCanary({ key, digest, percent: 100 }, unit)).toBe(true);
        expect(isInCanary({ key, digest, percent }, unit)).toBe(isInCanary({ key, digest, percent }, unit));
      }),
    );
  });

  test('gets about its share, whatever the key', () => {
    fc.assert(
      fc.property(keys, percents, (key, percent) => {
        const expected = (RUNS.length * percent) / 100;
        const deviation = Math.sqrt((expected * (100 - percent)) / 100);

        // Six deviations: one key in some hundred millions is beyond.
        expect(Math.abs(chosen(key, percent).size - expected)).toBeLessThanOrEqual(6 * deviation);
      }),
      { numRuns: 20 },
    );
  });

  test('gets other runs with another key, and as another bundle: nobody can tell without the key', () => {
    const key = new Uint8Array(32).fill(1);
    const other = new Uint8Array(32).fill(2);
    const runs = chosen(key, 50);

    for (const others of [chosen(other, 50), chosen(key, 50, 'sha256:y')]) {
      const common = [...runs].filter((run) => others.has(run)).length;
      expect(common / runs.size).toBeGreaterThan(0.4);
      expect(common / runs.size).toBeLessThan(0.6);
    }
  });
});

describe('what is kept together', () => {
  const principal = { type: 'Agent', id: 'a' };

  test('is the run, whoever asks within it; without one, or where it is asked for, the principal', () => {
    const other = { type: 'Agent', id: 'b' };

    expect(unitOf({ run: runOf('r'), principal }, 'run')).toBe(
      unitOf({ run: runOf('r'), principal: other }, 'run'),
    );
    expect(unitOf({ run: runOf(''), principal }, 'run')).toBe(unitOf({ run: null, principal }, 'run'));
    expect(unitOf({ run: runOf('r'), principal }, 'principal')).toBe(unitOf({ run: null, principal }, 'run'));
    expect(unitOf({ run: null, principal: other }, 'run')).not.toBe(unitOf({ run: null, principal }, 'run'));
  });

  test('is never the same for a run and a principal, nor for two principals', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (type, id, otherType, otherId) => {
        const one = unitOf({ run: null, principal: { type, id } }, 'run');
        const two = unitOf({ run: null, principal: { type: otherType, id: otherId } }, 'run');

        expect(one === two).toBe(type === otherType && id === otherId);
        expect(unitOf({ run: runOf(id === '' ? 'r' : id), principal }, 'run')).not.toBe(one);
      }),
    );
  });
});
