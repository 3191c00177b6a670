// Original file: proto/palisade/v1/authorization.proto

export const Detail = {
  DETAIL_UNSPECIFIED: 'DETAIL_UNSPECIFIED',
  BASIC: 'BASIC',
  FULL: 'FULL',
} as const;

export type Detail =
  | 'DETAIL_UNSPECIFIED'
  | 0
  | 'BASIC'
  | 1
  | 'FULL'
  | 2

export type Detail__Output = typeof Detail[keyof typeof Detail]
