// Original file: proto/palisade/v1/authorization.proto

import type { Long } from '@grpc/proto-loader';

export interface WaitForApprovalRequest {
  'approval_id'?: (string);
  'policy_store'?: (string);
  'timeout_ms'?: (number | string | Long);
}

export interface WaitForApprovalRequest__Output {
  'approval_id': (string);
  'policy_store': (string);
  'timeout_ms': (string);
}
