/** Ways to ask that the client knows; each is the name of a figure too. */
export type LoadKind = 'grpc/unary' | 'grpc/stream' | 'grpc/batch100' | 'rest/unary';

/** What the client process is told to do. */
export interface LoadOrder {
  readonly kind: LoadKind;
  /** `host:port` of each server; connections are spread over them. */
  readonly addresses: readonly string[];
  readonly token: string;
  /** Whether the server is the echo, which answers `allow` whatever it is asked. */
  readonly echo: boolean;
  /** Policies of the bundle, and how many different requests it is asked. */
  readonly policies: number;
  readonly requests: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** What it answers. */
export interface LoadResult {
  /** Decisions after the warm-up, and milliseconds from asking to the whole reply. */
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  /** Decisions in all, warm-up included. */
  readonly decisions: number;
  /** The first reply that was missing, failed or wrong; the load ended with it. */
  readonly problem?: string | undefined;
}
