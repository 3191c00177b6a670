// Original file: proto/palisade/v1/approvals.proto

import type { ApprovalQuestion as _palisade_v1_ApprovalQuestion, ApprovalQuestion__Output as _palisade_v1_ApprovalQuestion__Output } from '../../palisade/v1/ApprovalQuestion.ts';
import type { ShownRequest as _palisade_v1_ShownRequest, ShownRequest__Output as _palisade_v1_ShownRequest__Output } from '../../palisade/v1/ShownRequest.ts';

export interface ExaminedApproval {
  'approval'?: (_palisade_v1_ApprovalQuestion | null);
  'request'?: (_palisade_v1_ShownRequest | null);
  'withheld'?: (string);
}

export interface ExaminedApproval__Output {
  'approval': (_palisade_v1_ApprovalQuestion__Output | null);
  'request': (_palisade_v1_ShownRequest__Output | null);
  'withheld': (string);
}
