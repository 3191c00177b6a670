// Original file: proto/palisade/v1/approvals.proto


export interface WantedGroup {
  'group'?: (string);
  'count'?: (number);
}

export interface WantedGroup__Output {
  'group': (string);
  'count': (number);
}
