import { z } from 'zod';
import { MANIFEST_SCHEMA } from '../services/bundles/manifest.ts';

/** Where the generated text is kept. */
export const BUNDLE_SCHEMA_PATH = 'schemas/bundle.schema.json';

/** The JSON Schema (2020-12) of bundle.yaml as text, for editors and for tools that write bundles. */
export function generateBundleSchema(): string {
  const schema = {
    title: 'Palisade bundle manifest',
    description: 'bundle.yaml, read as YAML 1.2 without anchors, aliases, tags or repeated keys.',
    ...z.toJSONSchema(MANIFEST_SCHEMA, { target: 'draft-2020-12', io: 'input' }),
  };

  return `${JSON.stringify(schema, null, 2)}\n`;
}
