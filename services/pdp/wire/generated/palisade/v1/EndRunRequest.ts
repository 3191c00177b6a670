// Original file: proto/palisade/v1/authorization.proto


export interface EndRunRequest {
  'run_id'?: (string);
  'request_id'?: (string);
}

export interface EndRunRequest__Output {
  'run_id': (string);
  'request_id': (string);
}
