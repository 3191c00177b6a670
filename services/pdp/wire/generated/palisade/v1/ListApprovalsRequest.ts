// Original file: proto/palisade/v1/approvals.proto

import type { Long } from '@grpc/proto-loader';

export interface ListApprovalsRequest {
  'policy_store'?: (string);
  'status'?: (string);
  'limit'?: (number | string | Long);
}

export interface ListApprovalsRequest__Output {
  'policy_store': (string);
  'status': (string);
  'limit': (string);
}
