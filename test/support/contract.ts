import { loadSync, type PackageDefinition } from '@grpc/proto-loader';

/** Files of `proto/`, as a caller who has nothing else reads them. */
export function readContract(...files: readonly string[]): PackageDefinition {
  return loadSync([...files], {
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
    oneofs: true,
    includeDirs: ['proto'],
  });
}
