// Original file: proto/palisade/v1/authorization.proto

import type { Approval as _palisade_v1_Approval, Approval__Output as _palisade_v1_Approval__Output } from '../../palisade/v1/Approval.ts';

export interface WaitForApprovalResponse {
  'approval'?: (_palisade_v1_Approval | null);
}

export interface WaitForApprovalResponse__Output {
  'approval': (_palisade_v1_Approval__Output | null);
}
