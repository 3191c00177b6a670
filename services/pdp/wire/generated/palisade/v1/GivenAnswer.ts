// Original file: proto/palisade/v1/approvals.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface GivenAnswer {
  'approver'?: (string);
  'subject'?: (string);
  'answer'?: (string);
  'comment'?: (string);
  'answered_at'?: (_google_protobuf_Timestamp | null);
}

export interface GivenAnswer__Output {
  'approver': (string);
  'subject': (string);
  'answer': (string);
  'comment': (string);
  'answered_at': (_google_protobuf_Timestamp__Output | null);
}
