// Original file: proto/palisade/v1/authorization.proto

export const Mode = {
  MODE_UNSPECIFIED: 'MODE_UNSPECIFIED',
  ENFORCE: 'ENFORCE',
  CHECK: 'CHECK',
} as const;

export type Mode =
  | 'MODE_UNSPECIFIED'
  | 0
  | 'ENFORCE'
  | 1
  | 'CHECK'
  | 2

export type Mode__Output = typeof Mode[keyof typeof Mode]
