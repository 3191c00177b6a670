import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeArchive } from '../../services/bundles/archive.ts';
import { diffBundles } from '../../services/bundles/diff/diff.ts';
import { diffLines } from '../../services/bundles/diff/lines.ts';
import { diffInWorker } from '../../services/bundles/worker/diff.ts';
import { type Changes, LINK, links, manifest, policy, receipt } from './bundle-changes.ts';
import { filesOf, validFile } from './files-of.ts';
import { limited, SENT } from './limits/limited-bundle.ts';
import { running, TAKES } from './runs/run-bundle.ts';

function diff(after: Changes, before: Changes = {}) {
  return diffBundles(filesOf(before), filesOf(after));
}

function receipts(change: (text: string) => string): Changes {
  return { 'receipts.cedar': change(validFile('receipts.cedar')) };
}

describe('diffBundles', () => {
  test('says of the same bundle that it is the same', async () => {
    const { same, ...rest } = await diff({});

    expect(same).toBe(true);
    expect(rest).toMatchObject({
      manifest: [],
      schema: [],
      outcomes: [],
      policies: { added: [], removed: [], changed: [] },
    });
  });

  test('counts neither formatting nor comments nor order as a change of policies, but names the file', async () => {
    const reversed = receipts((text) =>
      `// Other.\n${text.split('\n\n').reverse().join('\n')}`.replaceAll(', ', ' ,  '),
    );
    const { same, files, policies, tests, outcomes } = await diff(reversed);

    expect(same).toBe(false);
    expect(files).toEqual({ added: [], removed: [], changed: ['receipts.cedar'] });
    expect(policies).toEqual({ added: [], removed: [], changed: [] });
    expect({ tests: tests.changed, outcomes }).toEqual({ tests: [], outcomes: [] });
  });

  test.each([
    ['effect', (text: string) => text.replace('forbid(', 'permit('), ['effect']],
    ['scope', (text: string) => text.replace('forbid(principal,', 'forbid(principal is User,'), ['scope']],
    ['conditions', (text: string) => text.replace('!resource.public', 'resource.public'), ['conditions']],
    ['annotations', (text: string) => text.replace('secret."', 'secret!"'), ['annotations']],
  ])('names the %s of a policy', async (_what, change, parts) => {
    const { policies } = await diff(receipts(change));

    expect(policies.changed).toMatchObject([{ id: 'no-secrets', kind: 'policy', parts }]);
    expect(policies.changed[0]?.lines.filter((line) => !line.startsWith('  ')).length).toBeGreaterThan(1);
  });

  test('says which labels are taken elsewhere, and stand elsewhere', async () => {
    const { manifest: changes } = await diff(
      running(`${TAKES.replace(', context.input.label', '')}, lattice: { secret: [low], low: [] }`),
      running(`${TAKES}, lattice: { secret: [low], low: [], pii: [low] }`),
    );

    expect(changes).toEqual([
      { field: 'label pii', before: 'above low' },
      { field: `labels.takes Action::"open" context.input.label`, before: 'taken by the run' },
    ]);
  });

  test('says of limits in words what changes', async () => {
    const calendar = SENT.replace('max: 10', 'max: 5').replace(
      '24h',
      '{ calendar: day, time_zone: Europe/Berlin }',
    );
    const { manifest: changes } = await diff(limited(calendar), limited());

    expect(changes).toEqual([
      {
        field: 'limit sent',
        before:
          'at most a sum of 10 of input.amount in any 24h, by principal, resource.owner, of Action::"send"',
        after:
          'at most a sum of 5 of input.amount each day (Europe/Berlin), by principal, resource.owner, of Action::"send"',
      },
    ]);
  });

  test('names policies, templates and links that are new or gone', async () => {
    const more = { ...policy('@id("new") permit(principal, action, resource);'), ...links(LINK) };
    const [there, back] = [await diff(more), await diff({}, more)];

    expect(there.policies.added.map(({ id, kind, effect }) => `${kind} ${effect} ${id}`)).toEqual([
      'link permit l',
      'policy permit new',
      'template permit t',
    ]);
    expect(back.policies.removed).toEqual(there.policies.added);
  });

  test('names what changes in manifest, schema and entities', async () => {
    const {
      manifest: fields,
      schema,
      entities,
    } = await diff({
      ...manifest(
        (text) =>
          `${text.replace('1.0.0', '1.1.0').replace('Receipt: bundle', 'Receipt: request')}record: { allow: [input.path] }\n`,
      ),
      'schema.cedarschema': validFile('schema.cedarschema')
        .replace('path: String', 'path?: String, line: Long')
        .replace('["red", "green"]', '["red"]')
        .replace('{ level: Long }', '{ level: String }'),
      'entities.json': '[]',
      'tests/view.yaml': undefined,
    });

    expect(fields).toEqual([
      { field: 'entity_sources Receipt', before: 'bundle', after: 'request' },
      { field: 'record.allow input.path', after: 'shown' },
      { field: 'version', before: '1.0.0', after: '1.1.0' },
    ]);
    expect(schema).toEqual([
      ...['edit', 'view'].flatMap((action) => [
        { field: `action Action::"${action}" context.input.line`, after: 'Long' },
        {
          field: `action Action::"${action}" context.input.path`,
          before: 'String',
          after: 'String, optional',
        },
      ]),
      { field: 'entity Color', before: 'enum green, red', after: 'enum red' },
      { field: 'entity User level', before: 'Long', after: 'String' },
    ]);
    expect(entities.removed).toEqual(['Receipt::"r1"', 'Receipt::"r2"']);
  });

  test('sees that an entity has other attributes', async () => {
    const { entities } = await diff({ 'entities.json': `[${receipt('r1')}, ${receipt('r2')}]` });

    expect(entities).toEqual({ added: [], removed: [], changed: ['Receipt::"r2"'] });
  });

  test('runs the tests of both by both, and names those that are answered differently', async () => {
    const own = validFile('tests/view.yaml')
      .replace('staff may view', 'nobody may view')
      .replace(
        'allow, reason_code: permitted, determining: [staff-view]',
        'deny, reason_code: forbidden, determining: [no-secrets]',
      );
    const { tests, outcomes } = await diff({
      ...receipts((text) => text.replace('!resource.public', 'resource.public')),
      'tests/own.yaml': own,
    });

    expect(tests.added).toEqual([{ file: 'tests/own.yaml', name: 'nobody may view a public receipt' }]);
    const allowed = { decision: 'allow', why: 'permitted by staff-view' };
    const denied = { decision: 'deny', why: 'forbidden by no-secrets' };
    expect(outcomes).toEqual([
      {
        file: 'tests/view.yaml',
        name: 'staff may view a public receipt',
        of: 'both',
        before: { ...allowed, passed: true },
        after: { ...denied, passed: false },
      },
      {
        file: 'tests/own.yaml',
        name: 'nobody may view a public receipt',
        of: 'b',
        before: { ...allowed, passed: false },
        after: { ...denied, passed: true },
      },
    ]);
  });

  test('tells a request that one of them refuses', async () => {
    const { outcomes } = await diff({
      'schema.cedarschema': validFile('schema.cedarschema').replace(
        'path: String',
        'path: String, line: Long',
      ),
    });

    expect(outcomes).toMatchObject([
      { after: { decision: 'refused', why: expect.stringContaining('invalid_request') } },
    ]);
  });

  test('refuses what cannot be read, and says which of the two', async () => {
    const broken = policy('permit(');
    await expect(diff(broken)).rejects.toThrow(/the second bundle cannot be read\nextra\.cedar:1:8/);
    await expect(diff({}, broken)).rejects.toThrow('the first bundle');
    await expect(diffInWorker(Buffer.from('no archive'), filesOf())).rejects.toThrow('not a plain gzip file');
  });

  test('takes an archive for the folder that it was made of', async () => {
    expect(await diffInWorker(writeArchive(filesOf()), filesOf())).toMatchObject({ same: true });
  });
});

test('lines behind - and two spaces are the text before, those behind + and two spaces the text after', () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
    .map((lines) => lines.join('\n'));

  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const side = (sign: string): string =>
        lines
          .filter((line) => line.startsWith(sign) || line.startsWith('  '))
          .map((line) => line.slice(2))
          .join('\n');

      expect(side('- ')).toBe(before);
      expect(side('+ ')).toBe(after);
      if (before === after) expect(lines.every((line) => line.startsWith('  '))).toBe(true);
    }),
  );
});
