import type {
  CandidateAnswer,
  ExampleAnswer,
  GroupAnswer,
  VerificationAnswer,
} from '../../../services/cli/replay/answer.ts';

const COMMON = {
  store: 'default',
  from: null,
  until: '2026-11-28T12:00:00.000Z',
  read: 0n,
  replayed: 0n,
  unreplayed: {},
  waiting: 0n,
  elapsed_ms: 1_000n,
};

export function candidateAnswer(changes: Partial<CandidateAnswer> = {}): CandidateAnswer {
  return {
    ...COMMON,
    kind: 'candidate',
    bundle: { name: 'docs', version: '2.0.0', digest: `sha256:${'a'.repeat(64)}` },
    evaluator: 'compiled',
    flips: {
      all: 0n,
      allow_to_deny: 0n,
      deny_to_allow: 0n,
      to_policy_error: 0n,
      from_policy_error: 0n,
      to_error: 0n,
    },
    otherwise_decided: 0n,
    groups: [],
    ungrouped: 0n,
    ...changes,
  };
}

export function verificationAnswer(changes: Partial<VerificationAnswer> = {}): VerificationAnswer {
  return { ...COMMON, kind: 'verification', differing: 0n, differences: [], ...changes };
}

export function exampleAnswer(changes: Partial<ExampleAnswer> = {}): ExampleAnswer {
  return {
    decision_id: '01a2225e-d8f5-7729-82d4-f83154e13787',
    time: '2026-11-28T11:00:00.000Z',
    principal: 'Agent::"bot"',
    action: 'Action::"read"',
    resource: 'Doc::"d"',
    disclosed: {},
    disclosed_elsewhere: [],
    ...changes,
  };
}

export function groupAnswer(changes: Partial<GroupAnswer> = {}): GroupAnswer {
  return {
    from: 'allow',
    to: 'deny',
    before: { code: 'permitted', policies: ['agents-read'], further_policies: 0n },
    after: { code: 'forbidden', policies: ['no-secrets'], further_policies: 0n },
    count: 12n,
    rate: '0.1%',
    examples: [exampleAnswer()],
    ...changes,
  };
}
