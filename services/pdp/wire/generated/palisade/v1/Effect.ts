// Original file: proto/palisade/v1/authorization.proto

export const Effect = {
  EFFECT_UNSPECIFIED: 'EFFECT_UNSPECIFIED',
  PERMIT: 'PERMIT',
  FORBID: 'FORBID',
} as const;

export type Effect =
  | 'EFFECT_UNSPECIFIED'
  | 0
  | 'PERMIT'
  | 1
  | 'FORBID'
  | 2

export type Effect__Output = typeof Effect[keyof typeof Effect]
