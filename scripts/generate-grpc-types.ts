/**
 * Generates the TypeScript types of the gRPC contract from `proto/` into `services/pdp/wire/generated/`.
 * The folder is emptied first, so that what left the contract leaves the types too.
 */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OUT_DIR = 'services/pdp/wire/generated';
const SOURCES = [
  'palisade/v1/authorization.proto',
  'google/rpc/status.proto',
  'google/rpc/error_details.proto',
];
// The same reading as services/pdp/wire/grpc/contract.ts: the types describe what that loader makes.
const READING = ['--keepCase', '--longs=String', '--enums=String', '--defaults', '--oneofs'];

rmSync(`${ROOT}${OUT_DIR}`, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [
    'node_modules/.bin/proto-loader-gen-types',
    ...SOURCES,
    '--includeDirs=proto',
    `--outDir=${OUT_DIR}`,
    '--grpcLib=@grpc/grpc-js',
    '--importFileExtension=.ts',
    ...READING,
  ],
  { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
);
// Packages without a service: what is made for their clients has unused names, which our compiler settings refuse.
for (const name of ['status', 'error_details']) rmSync(`${ROOT}${OUT_DIR}/${name}.ts`);
