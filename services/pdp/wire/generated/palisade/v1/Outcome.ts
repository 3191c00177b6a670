// Original file: proto/palisade/v1/authorization.proto

export const Outcome = {
  OUTCOME_UNSPECIFIED: 'OUTCOME_UNSPECIFIED',
  SUCCESS: 'SUCCESS',
  FAILURE: 'FAILURE',
} as const;

export type Outcome =
  | 'OUTCOME_UNSPECIFIED'
  | 0
  | 'SUCCESS'
  | 1
  | 'FAILURE'
  | 2

export type Outcome__Output = typeof Outcome[keyof typeof Outcome]
