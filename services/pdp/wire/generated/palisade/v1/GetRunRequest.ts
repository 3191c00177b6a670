// Original file: proto/palisade/v1/authorization.proto


export interface GetRunRequest {
  'run_id'?: (string);
  'request_id'?: (string);
}

export interface GetRunRequest__Output {
  'run_id': (string);
  'request_id': (string);
}
