import { toPdpError } from '../../engine/error.ts';
import { type BundleSignature, parseSignature } from './jws.ts';
import type { VerifyingKey } from './keys.ts';
import { wasSignedBy } from './remembered.ts';
import type { Statement } from './statement.ts';

/** Whose signatures a store wants: of that many of these keys. */
export interface Requirement {
  readonly threshold: number;
  readonly keys: readonly VerifyingKey[];
}

/** What is to run, and where. */
export interface Candidate {
  readonly store: string;
  readonly digest: string;
  /** Name of the bundle. */
  readonly name: string;
}

/** Whether a signature counts, and if not, why. */
export const SIGNATURE_STATES = [
  'valid',
  'malformed',
  'unknown_key',
  'wrong_signature',
  'foreign',
  'not_yet_valid',
  'expired',
] as const;

export type SignatureState = (typeof SIGNATURE_STATES)[number];

export interface JudgedSignature {
  readonly state: SignatureState;
  /** Of a state other than `valid`: what is wrong, for people. */
  readonly reason: string;
  /** Absent where it is malformed. */
  readonly signature: BundleSignature | undefined;
}

/** Whether a bundle has the signatures that a store wants. */
export interface Judgement {
  readonly satisfied: boolean;
  /** Thumbprints of the keys of which there is a valid signature. */
  readonly signed: readonly string[];
  /** Of the others. */
  readonly missing: readonly string[];
  /** Seconds since the epoch until when that holds; `undefined` where it does not. */
  readonly until: number | undefined;
  /** Signatures that do not count. */
  readonly refused: readonly JudgedSignature[];
}

/** Seconds by which a signer's clock may be ahead of ours. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * Holds the signatures of a bundle against what a store requires. A key counts once, however many signatures of it there are.
 * @param nowMs milliseconds since the epoch.
 */
export function judgeSignatures(
  requirement: Requirement,
  texts: readonly string[],
  candidate: Candidate,
  nowMs: number,
): Judgement {
  const judged = texts.map((text) => judgeSignature(requirement.keys, text, candidate, nowMs));
  const expiries = new Map<string, number>();
  for (const { state, signature } of judged) {
    if (state !== 'valid' || signature === undefined) continue;
    const { keyId, statement } = signature;
    expiries.set(keyId, Math.max(expiries.get(keyId) ?? 0, statement.expiresAt));
  }
  // As many keys as are wanted sign until the one of them expires that lasts least: so the ones that last longest are taken.
  const until = [...expiries.values()].sort((a, b) => b - a)[requirement.threshold - 1];
  const ids = new Set(requirement.keys.map(({ id }) => id));

  return {
    satisfied: requirement.threshold > 0 && until !== undefined,
    signed: [...ids].filter((id) => expiries.has(id)),
    missing: [...ids].filter((id) => !expiries.has(id)),
    until,
    refused: judged.filter(({ state }) => state !== 'valid'),
  };
}

/** Judges one signature; never throws. */
export function judgeSignature(
  keys: readonly VerifyingKey[],
  text: string,
  candidate: Candidate,
  nowMs: number,
): JudgedSignature {
  let signature: BundleSignature;
  try {
    signature = parseSignature(text);
  } catch (thrown) {
    return { state: 'malformed', reason: toPdpError(thrown).message, signature: undefined };
  }

  const found = faultOf(signature, keys, candidate, nowMs);

  return found === undefined ? { state: 'valid', reason: '', signature } : { ...found, signature };
}

/** Why a signature does not count. */
export type Fault = Pick<JudgedSignature, 'state' | 'reason'>;

function faultOf(
  signature: BundleSignature,
  keys: readonly VerifyingKey[],
  candidate: Candidate,
  nowMs: number,
): Fault | undefined {
  const { keyId, statement } = signature;
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined)
    return { state: 'unknown_key', reason: `it names the key ${keyId}, which is none of those` };
  if (!wasSignedBy(signature, key)) {
    return { state: 'wrong_signature', reason: `the key ${keyId}, which it names, did not make it` };
  }

  return foreignFault(signature, candidate) ?? clockFault(statement, nowMs);
}

function foreignFault({ statement }: BundleSignature, { store, digest, name }: Candidate): Fault | undefined {
  const differences = (
    [
      ['digest', statement.digest, digest],
      ['bundle', statement.bundle, name],
      ['store', statement.store, store],
    ] as const
  ).filter(([, signed, wanted]) => signed !== wanted);
  const [first] = differences;
  if (first === undefined) return undefined;

  const [what, signed, wanted] = first;

  return { state: 'foreign', reason: `it is for the ${what} ${signed}, not ${wanted}` };
}

/** What is wrong with the time of a statement; `undefined`: nothing. @param nowMs milliseconds since the epoch. */
export function clockFault({ issuedAt, expiresAt }: Statement, nowMs: number): Fault | undefined {
  const now = nowMs / 1_000;
  if (now >= expiresAt) return { state: 'expired', reason: `it expired at ${timeText(expiresAt)}` };

  const ahead = Math.ceil(issuedAt - now);
  if (ahead <= CLOCK_TOLERANCE_SECONDS) return undefined;

  return {
    state: 'not_yet_valid',
    reason: `it was made at ${timeText(issuedAt)}, which is ${ahead} s in the future by the clock of this machine (${timeText(Math.floor(now))}): one of the two clocks is wrong`,
  };
}

function timeText(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
}
