// Original file: proto/palisade/v1/authorization.proto

export const Enforcement = {
  ENFORCEMENT_UNSPECIFIED: 'ENFORCEMENT_UNSPECIFIED',
  ENFORCED: 'ENFORCED',
  MONITORED: 'MONITORED',
  CHECK_ONLY: 'CHECK_ONLY',
} as const;

export type Enforcement =
  | 'ENFORCEMENT_UNSPECIFIED'
  | 0
  | 'ENFORCED'
  | 1
  | 'MONITORED'
  | 2
  | 'CHECK_ONLY'
  | 3

export type Enforcement__Output = typeof Enforcement[keyof typeof Enforcement]
