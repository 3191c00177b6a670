import { createHash, randomUUID } from 'node:crypto';
import type { NewBundle } from '../../services/store/bundles.ts';
import type { ChangeRequest } from '../../services/store/change-deployment.ts';
import type { NewCredential } from '../../services/store/credentials.ts';
import { DEPLOYMENT_CHANGE } from '../../services/store/deployment-change.ts';

/** A digest of the right form for any text. */
export function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export function aBundle(changes: Partial<NewBundle> = {}): NewBundle {
  return {
    digest: digestOf('bundle'),
    name: 'coding-agent',
    version: '1.0.0',
    description: 'What a coding agent may do',
    manifest: { format_version: 1 },
    cedarVersion: '4.13.0',
    archive: Uint8Array.of(31, 139, 8),
    createdBy: 'admin',
    ...changes,
  };
}

export function aCredential(changes: Partial<NewCredential> = {}): NewCredential {
  const id = randomUUID();

  return {
    id,
    name: `credential-${id}`,
    roles: ['runtime'],
    stores: ['default'],
    principals: null,
    fullDetail: false,
    secretHash: createHash('sha256').update(id).digest(),
    createdBy: 'admin',
    expiresAt: null,
    ratePerSecond: null,
    burst: null,
    certificateSan: null,
    certificateKey: null,
    ...changes,
  };
}

/** A change of the store `default`, in the words of administration, that somebody asks for alone. */
export function aChange(change: object, changes: Partial<ChangeRequest> = {}): ChangeRequest {
  return {
    store: 'default',
    change: DEPLOYMENT_CHANGE.parse(change),
    expectedSequence: undefined,
    author: 'ada',
    approvedBy: null,
    reason: 'because',
    recordId: null,
    ...changes,
  };
}
