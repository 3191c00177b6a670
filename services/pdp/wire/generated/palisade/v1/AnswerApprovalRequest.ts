// Original file: proto/palisade/v1/approvals.proto


export interface AnswerApprovalRequest {
  'approval_id'?: (string);
  'as'?: (string);
  'comment'?: (string);
}

export interface AnswerApprovalRequest__Output {
  'approval_id': (string);
  'as': (string);
  'comment': (string);
}
