interface Wanted {
  readonly threshold: bigint;
  readonly keys: readonly { readonly kid: string }[];
}

/** A proposal of another requirement, as a running Palisade tells it. */
export interface ProposalAnswer extends Wanted {
  readonly id: string;
  readonly proposed_by: string;
  readonly reason: string;
  readonly expires_at: string;
}

/** What a running Palisade tells of a store's requirement. */
export interface RequirementAnswer extends Wanted {
  readonly store: string;
  readonly sequence: bigint;
  readonly proposed_by?: string;
  readonly approved_by?: string;
  readonly created_at?: string;
  readonly bundles: readonly {
    readonly digest: string;
    readonly name: string;
    readonly satisfied?: boolean;
    readonly missing?: readonly string[];
    readonly until?: string;
  }[];
  readonly proposals: readonly ProposalAnswer[];
}

/** In a few words. */
export function requirementText({ threshold, keys }: Wanted): string {
  return threshold === 0n ? 'no signatures' : `signatures by ${threshold} of ${keys.length} keys`;
}

/** The whole of it as people read it. */
export function requirementLines(answer: RequirementAnswer): string[] {
  const { store, sequence, keys, proposed_by, approved_by, created_at, bundles, proposals } = answer;
  const since =
    sequence === 0n
      ? ''
      : ` (requirement ${sequence}, proposed by ${proposed_by}, approved by ${approved_by} at ${created_at})`;

  return [
    `${store} requires ${requirementText(answer)}${since}`,
    ...keys.map(({ kid }) => `  ${kid}`),
    ...bundles.map(standingLine),
    ...proposals.flatMap((proposal) => [
      `proposal ${proposal.id} by ${proposal.proposed_by}, open until ${proposal.expires_at}: ${requirementText(proposal)}${proposal.reason === '' ? '' : `; ${proposal.reason}`}`,
      ...proposal.keys.map(({ kid }) => `  ${kid}`),
    ]),
  ];
}

function standingLine({
  digest,
  name,
  satisfied,
  missing,
  until,
}: RequirementAnswer['bundles'][number]): string {
  const bundle = `it runs ${name} (${digest})`;
  if (satisfied === undefined) return bundle;
  if (satisfied) return `${bundle}, which is signed so until ${until}`;

  return `${bundle}, which IS NOT SIGNED SO: no process can load it again; missing: ${missing?.join(', ')}`;
}
