// Original file: proto/palisade/v1/authorization.proto


export interface EntityUid {
  'type'?: (string);
  'id'?: (string);
}

export interface EntityUid__Output {
  'type': (string);
  'id': (string);
}
