import type { ReplayProgress } from '../../pdp/replay/messages.ts';
import type {
  CandidateReport,
  Cause,
  Example,
  FlipCounts,
  FlipGroup,
  ReplayReport,
  VerificationReport,
} from '../../pdp/replay/report.ts';

/** What the server tells, as exact JSON is read back: numbers are bigint, and texts may be others than this version knows. */
type Read<Told> = Told extends Example
  ? Told
  : Told extends number
    ? bigint
    : Told extends string
      ? string
      : Told extends object
        ? { readonly [Name in keyof Told]: Read<Told[Name]> }
        : Told;

/** A report, and what the server says of every one. */
type Answer<Report extends ReplayReport> = Read<Omit<Report, 'kind' | 'unreplayed'>> & {
  readonly kind: Report['kind'];
  readonly store: string;
  /** RFC 3339; null: from the first record on. */
  readonly from: string | null;
  readonly until: string;
  readonly unreplayed: Readonly<Record<string, bigint>>;
  /** Records of the answering process that had not reached PostgreSQL. */
  readonly waiting: bigint;
};

export type CandidateAnswer = Answer<CandidateReport>;
export type VerificationAnswer = Answer<VerificationReport>;
export type ReportAnswer = CandidateAnswer | VerificationAnswer;

export type FlipName = keyof FlipCounts;
export type GroupAnswer = Read<FlipGroup>;
export type CauseAnswer = Read<Cause>;
export type ExampleAnswer = Example;
export type ProgressAnswer = Read<Omit<ReplayProgress, 'total'>> & { readonly total?: bigint };
