import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FACT_TYPES } from '../../../services/engine/facts.ts';
import { schema } from '../bundle-changes.ts';
import { check } from '../check-bundle.ts';
import { limited, SENT } from './limited-bundle.ts';

const FOLDER = new URL('../../../schemas/cedar/', import.meta.url);
const text = (name: string): string => readFileSync(new URL(`${name}.cedarschema`, FOLDER), 'utf8');
const action = (pdp: string): string =>
  `action asked appliesTo { principal: User, resource: Receipt, context: { pdp: ${pdp} } };`;

test('every fact has a part of a schema for bundles to copy, with a version', () => {
  const names = readdirSync(FOLDER).map((file) => file.replace('.cedarschema', ''));

  expect(names.sort()).toEqual(Object.keys(FACT_TYPES).sort());
  for (const name of names) expect(text(name)).toContain(`Palisade fact \`${name}\`, version 1`);
});

test('check accepts the part for now where an action declares it', async () => {
  expect((await check(schema(`${text('now')}${action('Now')}`))).ok).toBe(true);
});

test('check accepts the part for limits where an action declares a limit that counts it', async () => {
  const own = limited(
    SENT.replace('sent', 'asked')
      .replace(/"send"/, '"asked"')
      .replace(', resource.owner', '')
      .replace(', cost: input.amount', ''),
  );
  const part = `${text('limits')}${action('{ limits: { asked: LimitState } }')}`;

  expect(
    (await check({ 'bundle.yaml': own?.['bundle.yaml'], ...schema(part) })).problems.filter(
      ({ severity }) => severity === 'error',
    ),
  ).toEqual([]);
});
