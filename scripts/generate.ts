/**
 * Writes every generated file of the repository; with `--check` it writes nothing, names the stale ones and exits with 1.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUNDLE_SCHEMA_PATH, generateBundleSchema } from './generate-bundle-schema.ts';
import { generateConfigurationDocs } from './generate-configuration-docs.ts';
import { GRPC_TYPES_FOLDER, generateGrpcTypes } from './generate-grpc-types.ts';
import { generateLimitsDocs } from './generate-limits-docs.ts';
import { generateOpenApi } from './generate-openapi.ts';
import { generateRecordSchema } from './generate-record-schema.ts';
import { generateSystemDigest, SYSTEM_DIGEST_PATH } from './generate-system-digest.ts';
import { generateTelemetryDocs } from './generate-telemetry-docs.ts';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const wanted: ReadonlyMap<string, string> = new Map([
  ...generateGrpcTypes(),
  ['docs/openapi.json', generateOpenApi()],
  ['docs/configuration.md', generateConfigurationDocs()],
  ['docs/limits.md', generateLimitsDocs()],
  ['docs/telemetry.md', generateTelemetryDocs()],
  [BUNDLE_SCHEMA_PATH, generateBundleSchema()],
  ['schemas/decision-record.schema.json', generateRecordSchema()],
  [SYSTEM_DIGEST_PATH, await generateSystemDigest()],
]);
// What left the contract leaves its types too.
const surplus = globSync(`${GRPC_TYPES_FOLDER}/**/*.ts`).filter((path) => !wanted.has(path));
const stale = [...wanted].filter(([path, text]) => read(path) !== text).map(([path]) => path);

if (process.argv.includes('--check')) check();
else write();

function check(): void {
  if (stale.length + surplus.length === 0) return;

  console.error('Generated files are not up to date; run `npm run generate`:');
  for (const path of stale) console.error(`  ${path}`);
  for (const path of surplus) console.error(`  ${path} (to be removed)`);
  process.exitCode = 1;
}

function write(): void {
  for (const path of surplus) rmSync(path);
  for (const path of stale) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, wanted.get(path) ?? '');
    console.log(path);
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
