import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUNDLE_SCHEMA_PATH, generateBundleSchema } from '../../scripts/generate-bundle-schema.ts';

test('the JSON Schema of bundle.yaml is up to date', () => {
  const kept = readFileSync(new URL(`../../${BUNDLE_SCHEMA_PATH}`, import.meta.url), 'utf8');

  expect(kept).toBe(generateBundleSchema());
});
