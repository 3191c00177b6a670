/** What the client process is told to do. */
export interface SoakOrder {
  /** `host:port` of the server's gRPC. */
  readonly grpc: string;
  readonly token: string;
  readonly decisions: number;
  /** Policies of the large bundle; 0: the starter bundle is asked. */
  readonly largePolicies: number;
}

/** What it tells, a few times a second and at the end. */
export interface SoakProgress {
  readonly decided: number;
  /** Items that were refused because the log could not keep up; they are asked again. */
  readonly refused: number;
  /** Whatever else went wrong, the first few. */
  readonly errors: readonly string[];
  readonly done: boolean;
}
