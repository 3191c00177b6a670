import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bundleDigest, DIGEST_PATTERN } from '../../services/bundles/digest.ts';

describe('bundleDigest', () => {
  // Made with coreutils alone: printf '%s' "$canonical" | sha256sum, the hashes inside likewise.
  test.each([
    ['no file', [], 'sha256:132022caba506f93f07c8357b67b0c39aa5c094adeb7988c191cb7cee4dd51da'],
    [
      'one file',
      [['bundle.yaml', 'name: x\n']],
      'sha256:617c5d308a9f1ed5bfe2b27007ce06d86dc21da9fd260e72134973a9c3d56f2d',
    ],
    [
      'several files in any order',
      [
        ['tests/a.json', '[]'],
        ['a.cedar', ''],
        ['bundle.yaml', 'name: x\n'],
      ],
      'sha256:b5a1247382a4ac76517d66f2c12d868e8ce09284716e358aa20946d3bf782459',
    ],
  ] as const)('of %s is the fixed vector', (_what, files, digest) => {
    expect(bundleDigest(new Map(files.map(([path, text]) => [path, Buffer.from(text)])))).toBe(digest);
  });

  const files = fc.uniqueArray(
    fc.tuple(fc.stringMatching(/^[a-z0-9_-]{1,8}\.cedar$/), fc.uint8Array({ maxLength: 20 })),
    {
      selector: ([path]) => path,
      minLength: 1,
    },
  );

  test('does not depend on the order of the files', () => {
    fc.assert(
      fc.property(files, (entries) => {
        const digest = bundleDigest(new Map(entries));

        expect(digest).toMatch(DIGEST_PATTERN);
        expect(bundleDigest(new Map(entries.toReversed()))).toBe(digest);
      }),
    );
  });

  test('changes with any byte and any path', () => {
    fc.assert(
      fc.property(files, fc.nat(), (entries, pick) => {
        const at = pick % entries.length;
        const [path, bytes] = entries[at] ?? ['', new Uint8Array()];
        const others = entries.filter((_, index) => index !== at);
        const digest = bundleDigest(new Map(entries));

        expect(bundleDigest(new Map([...others, [path, Uint8Array.of(...bytes, 0)]]))).not.toBe(digest);
        expect(bundleDigest(new Map([...others, [`${path}x`, bytes]]))).not.toBe(digest);
        expect(bundleDigest(new Map(others))).not.toBe(digest);
      }),
    );
  });
});
