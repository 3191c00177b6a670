// Original file: proto/palisade/v1/approvals.proto

import type { ApprovalQuestion as _palisade_v1_ApprovalQuestion, ApprovalQuestion__Output as _palisade_v1_ApprovalQuestion__Output } from '../../palisade/v1/ApprovalQuestion.ts';

export interface ListApprovalsResponse {
  'approvals'?: (_palisade_v1_ApprovalQuestion)[];
}

export interface ListApprovalsResponse__Output {
  'approvals': (_palisade_v1_ApprovalQuestion__Output)[];
}
