/** What a running Palisade tells of a stored bundle. */
export interface BundleAnswer {
  readonly digest: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly size: bigint;
  readonly cedar_version: string;
  readonly created_at: string;
  readonly created_by: string;
  readonly created?: boolean;
}
