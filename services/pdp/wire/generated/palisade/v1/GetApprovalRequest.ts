// Original file: proto/palisade/v1/approvals.proto


export interface GetApprovalRequest {
  'approval_id'?: (string);
  'as'?: (string);
}

export interface GetApprovalRequest__Output {
  'approval_id': (string);
  'as': (string);
}
