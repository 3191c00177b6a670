import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the types are kept: all that is in this folder is generated. */
export const GRPC_TYPES_FOLDER = 'services/pdp/wire/generated';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = [
  'palisade/v1/authorization.proto',
  'palisade/v1/approvals.proto',
  'google/rpc/status.proto',
  'google/rpc/error_details.proto',
];
// The same reading as services/pdp/wire/grpc/contract.ts: the types describe what that loader makes.
const READING = ['--keepCase', '--longs=String', '--enums=String', '--defaults', '--oneofs'];
// Packages without a service: what is made for their clients has unused names, which our compiler settings refuse.
const UNUSED: ReadonlySet<string> = new Set(['status.ts', 'error_details.ts']);

/** The TypeScript types of the gRPC contract, made from `proto/`, by their path in the repository. */
export function generateGrpcTypes(): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'palisade-grpc-types-'));
  try {
    run(folder);
    const names = globSync('**/*.ts', { cwd: folder }).filter((name) => !UNUSED.has(name));

    return new Map(
      names.sort().map((name) => [join(GRPC_TYPES_FOLDER, name), readFileSync(join(folder, name), 'utf8')]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(folder: string): void {
  execFileSync(
    process.execPath,
    [
      'node_modules/.bin/proto-loader-gen-types',
      ...SOURCES,
      '--includeDirs=proto',
      `--outDir=${folder}`,
      '--grpcLib=@grpc/grpc-js',
      '--importFileExtension=.ts',
      ...READING,
    ],
    { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
  );
}
