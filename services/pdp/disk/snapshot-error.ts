import { PdpError } from '../../engine/error.ts';

/** What lies on the disk is nothing to decide by; the message says why, and what to do. */
export class SnapshotError extends PdpError {
  constructor(message: string, cause?: unknown) {
    super('unavailable', message, { cause });
  }
}
