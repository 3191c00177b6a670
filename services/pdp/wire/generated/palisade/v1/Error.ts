// Original file: proto/palisade/v1/authorization.proto


export interface Error {
  'code'?: (string);
  'field'?: (string);
  'message'?: (string);
}

export interface Error__Output {
  'code': (string);
  'field': (string);
  'message': (string);
}
