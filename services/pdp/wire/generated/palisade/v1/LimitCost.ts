// Original file: proto/palisade/v1/authorization.proto

import type { Long } from '@grpc/proto-loader';

export interface LimitCost {
  'limit'?: (string);
  'amount'?: (number | string | Long);
}

export interface LimitCost__Output {
  'limit': (string);
  'amount': (string);
}
