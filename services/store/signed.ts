import {
  type Candidate,
  type Judgement,
  judgeSignatures,
  type Requirement,
} from '../bundles/signature/judge.ts';
import { PdpError } from '../engine/error.ts';
import type { Database } from './database.ts';
import { currentRequirement } from './signature-requirements.ts';
import { signaturesBy } from './signatures.ts';

/** A bundle is not signed as its store requires. */
export class UnsignedError extends PdpError {}

/** How a bundle stands that is signed as its store requires. */
export interface Signed {
  /** Milliseconds since the epoch until when the signatures last; `undefined`: the store requires none. */
  readonly until: number | undefined;
}

/** What a store requires, and the signatures that there are of a bundle; whoever kept it, they are judged anew. */
export interface SignatureEvidence {
  /** Absent: nothing. */
  readonly requirement: Requirement | undefined;
  readonly texts: readonly string[];
}

/** The same as {@link assertSigned}, by what was kept instead of the database. @throws UnsignedError */
export function assertSignedBy(
  { requirement, texts }: SignatureEvidence,
  candidate: Candidate,
  nowMs: number,
): Signed {
  if (requirement === undefined || requirement.threshold === 0) return { until: undefined };

  return judge(requirement, texts, candidate, nowMs);
}

/**
 * Sees to it that a bundle has the signatures that a store requires, now. Asked wherever a bundle is about to become effective in
 * a store, whatever for; within the transaction that makes it so, under the lock of the store.
 * @param nowMs milliseconds since the epoch.
 * @throws UnsignedError `precondition_failed`, which says whose signatures are missing and how to sign; whatever keeps it from knowing.
 */
export async function assertSigned(database: Database, candidate: Candidate, nowMs: number): Promise<Signed> {
  const requirement = await currentRequirement(database, candidate.store);
  if (requirement === undefined || requirement.threshold === 0) return { until: undefined };

  return assertSignedAs(database, requirement, candidate, nowMs);
}

/** The same for a requirement that does not hold yet. */
export async function assertSignedAs(
  database: Database,
  requirement: Requirement,
  candidate: Candidate,
  nowMs: number,
): Promise<Signed> {
  const texts = await signaturesBy(
    database,
    candidate,
    requirement.keys.map(({ id }) => id),
  );

  return judge(requirement, texts, candidate, nowMs);
}

function judge(
  requirement: Requirement,
  texts: readonly string[],
  candidate: Candidate,
  nowMs: number,
): Signed {
  const judgement = judgeSignatures(requirement, texts, candidate, nowMs);
  if (judgement.satisfied && judgement.until !== undefined) return { until: judgement.until * 1_000 };

  throw unsigned(requirement, candidate, judgement);
}

/** Reasons that are told; more help nobody. */
const TOLD = 3;

function unsigned(requirement: Requirement, candidate: Candidate, judgement: Judgement): UnsignedError {
  const { store, digest, name } = candidate;
  const { signed, missing, refused } = judgement;
  const reasons = refused.slice(0, TOLD).map(({ reason }) => `; a signature does not count: ${reason}`);

  return new UnsignedError(
    'precondition_failed',
    `the store ${store} requires signatures by ${requirement.threshold} of ${requirement.keys.length} keys, and ${name} (${digest}) has ${signed.length}. ` +
      `Missing: ${missing.join(', ')}${reasons.join('')}. ` +
      `Sign it with \`palisade bundle sign ${digest} --name ${name} --key FILE --store ${store} -o ${name}.sig\`, then ` +
      `\`palisade bundle push ${digest} --signature ${name}.sig\``,
    { field: 'digest' },
  );
}
