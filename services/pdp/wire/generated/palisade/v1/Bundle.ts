// Original file: proto/palisade/v1/authorization.proto


export interface Bundle {
  'name'?: (string);
  'version'?: (string);
  'digest'?: (string);
}

export interface Bundle__Output {
  'name': (string);
  'version': (string);
  'digest': (string);
}
