import { z } from 'zod';
import type { ActiveCredential } from '../../store/credentials.ts';
import { CANARY_LIMITS, MONITOR } from '../../store/deployment-change.ts';
import type { Deployment } from '../../store/deployments.ts';
import type { SavedGlass } from '../held-state.ts';
import { MOMENT } from './moment.ts';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const sequence = z.bigint().nonnegative();
const bytes = (length: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length);
const date = z.date();

/** The row as it was, columns of later migrations included; those that every credential has are looked at. */
const CREDENTIAL = z.looseObject({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  stores: z.array(z.string()),
  principals: z.array(z.strictObject({ type: z.string(), ids: z.array(z.string()).optional() })).nullable(),
  fullDetail: z.boolean(),
  secretHash: bytes(32).nullable(),
  certificateSan: z.string().nullable(),
  certificateKey: bytes(32).nullable(),
  createdAt: date,
  createdBy: z.string(),
  expiresAt: date.nullable(),
  revokedAt: z.null(),
}) as unknown as z.ZodType<ActiveCredential>;

const DEPLOYMENT = z.strictObject({
  store: z.string(),
  sequence,
  stateSequence: sequence,
  action: z.enum(['activate', 'canary', 'end_canary', 'freeze', 'shadow', 'monitor', 'promote', 'rollback']),
  digest,
  name: z.string(),
  version: z.string(),
  origin: sequence,
  canary: z
    .strictObject({
      digest,
      percent: z.int().min(1).max(100),
      by: z.enum(['run', 'principal']),
      since: sequence,
      limits: CANARY_LIMITS,
      frozen: z.string().nullable(),
    })
    .nullable(),
  shadow: z.strictObject({ digest, since: sequence }).nullable(),
  monitor: MONITOR.nullable(),
  author: z.string(),
  approvedBy: z.string().nullable(),
  reason: z.string(),
  createdAt: date,
  recordId: z.string().nullable(),
}) satisfies z.ZodType<Deployment>;

const GLASS = z.strictObject({
  id: z.string(),
  store: z.string(),
  principalType: z.string(),
  principalId: z.string().nullable(),
  actions: z.array(z.string()).readonly().nullable(),
  ticket: z.string(),
  openedBy: z.string(),
  approvedBy: z.string().nullable(),
  until: date,
}) satisfies z.ZodType<SavedGlass>;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const PIECE = z.strictObject({ file: z.string().regex(/^[0-9a-f]{32}$/), bytes: z.int().positive(), sha256 });

const SAVED_STORE = z.strictObject({
  name: z.string(),
  /** What the process served; `null`: nothing. */
  deployment: DEPLOYMENT.nullable(),
  /** Of the state that it served. */
  sequence,
  /** What the store held there: files beside, of which a later one overtakes the earlier ones. */
  entities: z.array(PIECE),
  last_write: z.strictObject({ sequence, recordId: z.string() }).nullable(),
  /** The secret that assigns runs, where there is a canary. */
  key: bytes(32).nullable(),
  /** What the store requires to be signed; `null`: nothing, and never did. Keys as their 32 bytes in base64url. */
  requirement: z
    .strictObject({ sequence, threshold: z.int().nonnegative(), keys: z.array(z.string()) })
    .nullable(),
  /** Signatures by those keys for this store, which count for what they say and not for where they lie. */
  signatures: z.array(z.strictObject({ digest, texts: z.array(z.string()) })),
});

/** Everything that decisions depend on, as a process had taken it over from PostgreSQL. */
export const SAVED_STATE = z.strictObject({
  /** The database that it comes from. */
  installation: z.string(),
  /** The newest migration of that database: rows have the shape that it gave them. */
  migration: z.string(),
  /** Greater with each file. */
  generation: z.bigint().positive(),
  /** When PostgreSQL last confirmed it. */
  confirmed: MOMENT,
  /** Of the credentials. */
  revision: sequence,
  credentials: z.array(CREDENTIAL),
  /** Bundles that Cedar's own evaluator is to judge. */
  overridden: z.array(digest),
  /** What is open; it ends here at the moment that PostgreSQL had said. */
  glasses: z.array(GLASS),
  stores: z.array(SAVED_STORE),
  /** Every bundle that a deployment names: its archive lies beside, and these are its bytes. */
  bundles: z.array(
    z.strictObject({
      digest,
      name: z.string(),
      bytes: z.int().positive(),
      sha256,
    }),
  ),
});

export type SavedState = z.infer<typeof SAVED_STATE>;
export type SavedStore = SavedState['stores'][number];
export type SavedPiece = z.infer<typeof PIECE>;
export type SavedBundle = SavedState['bundles'][number];

/** Digests of the bundles that a deployment names, whatever for. */
export function bundlesOf({ digest: active, canary, shadow }: Deployment): readonly string[] {
  return [active, canary?.digest, shadow?.digest].filter((one) => one !== undefined);
}
