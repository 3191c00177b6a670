// Original file: proto/palisade/v1/approvals.proto


export interface WatchApprovalsRequest {
}

export interface WatchApprovalsRequest__Output {
}
