// Original file: proto/palisade/v1/approvals.proto


export interface ShownField {
  'path'?: (string);
  'value'?: (string);
  'redacted'?: (boolean);
}

export interface ShownField__Output {
  'path': (string);
  'value': (string);
  'redacted': (boolean);
}
