// Original file: proto/palisade/v1/authorization.proto


export interface PolicyError {
  'policy_id'?: (string);
  'message'?: (string);
}

export interface PolicyError__Output {
  'policy_id': (string);
  'message': (string);
}
