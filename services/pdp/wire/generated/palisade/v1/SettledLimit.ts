// Original file: proto/palisade/v1/authorization.proto

import type { Long } from '@grpc/proto-loader';

export interface SettledLimit {
  'name'?: (string);
  'reserved'?: (number | string | Long);
  'charged'?: (number | string | Long);
}

export interface SettledLimit__Output {
  'name': (string);
  'reserved': (string);
  'charged': (string);
}
