import { createRequire } from 'node:module';
import type { Server } from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type PackageDefinition } from '@grpc/proto-loader';
import { CONTRACT } from './contract.ts';
import { HEALTH_PROTO } from './health.ts';

// Loaded where it is served: it brings a proto-loader of its own.
const require = createRequire(import.meta.url);

// As proto-loader names the files that it makes: one for each package.
const CONTRACT_FILE = 'palisade_v1.proto';
const WELL_KNOWN_FILE = 'google_protobuf.proto';
/** `FileDescriptorProto.dependency`, length-delimited. */
const DEPENDENCY_TAG = (3 << 3) | 2;

/** Adds server reflection, v1 and v1alpha, of the contract and of health. */
export function addReflection(server: Server): void {
  const contract = CONTRACT['palisade.v1.AuthorizeRequest'] as MessageTypeDefinition<object, object>;
  const files = contract.fileDescriptorProtos.map(withImports);
  const described: PackageDefinition = {
    ...loadSync(HEALTH_PROTO),
    contract: { ...contract, fileDescriptorProtos: files },
  };

  const { ReflectionService } = require('@grpc/reflection') as typeof import('@grpc/reflection');
  new ReflectionService(described).addToServer(server);
}

/**
 * Puts back what the contract imports: proto-loader leaves it out (grpc/grpc-node#2595), and then clients such as grpcurl
 * cannot resolve Timestamp. Bytes of a repeated field may stand behind those of its message: protobuf appends it.
 */
function withImports(file: Buffer): Buffer {
  // A file descriptor begins with its name: a tag, its length, then the text.
  if (file.indexOf(CONTRACT_FILE) !== 2) return file;

  return Buffer.concat([
    file,
    Buffer.from([DEPENDENCY_TAG, WELL_KNOWN_FILE.length]),
    Buffer.from(WELL_KNOWN_FILE),
  ]);
}
