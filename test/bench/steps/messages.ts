/**
 * How far a server goes, each step on top of those before it.
 * `wire`: gRPC with the credential, the strict decoder and the deadline; what every request gets is one fixed reply.
 * `decide`: the decision with its digest and the parts of its record, which nobody keeps.
 * `spool`: the record sealed and durable on disk, and not moved to PostgreSQL.
 */
export type PartialStep = 'wire' | 'decide' | 'spool';

/** What a partial server is told to be. */
export interface PartialOrder {
  readonly step: PartialStep;
  /** Of the serving role; the bundle is deployed there. */
  readonly databaseUrl: string;
  readonly keyringFile: string;
  /** A folder of its own, for its spool. */
  readonly spoolDir: string;
}

/** Where it then listens: `host:port`. */
export interface PartialAddress {
  readonly grpc: string;
}
