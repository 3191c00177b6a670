// Original file: proto/palisade/v1/authorization.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';

export interface Approval {
  'approval_id'?: (string);
  'status'?: (string);
  'expires_at'?: (_google_protobuf_Timestamp | null);
  'url'?: (string);
}

export interface Approval__Output {
  'approval_id': (string);
  'status': (string);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
  'url': (string);
}
