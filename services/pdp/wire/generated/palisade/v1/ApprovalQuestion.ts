// Original file: proto/palisade/v1/approvals.proto

import type { WantedGroup as _palisade_v1_WantedGroup, WantedGroup__Output as _palisade_v1_WantedGroup__Output } from '../../palisade/v1/WantedGroup.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { GivenAnswer as _palisade_v1_GivenAnswer, GivenAnswer__Output as _palisade_v1_GivenAnswer__Output } from '../../palisade/v1/GivenAnswer.ts';

export interface ApprovalQuestion {
  'approval_id'?: (string);
  'store'?: (string);
  'status'?: (string);
  'severity'?: (string);
  'subject'?: (string);
  'principal'?: (string);
  'action'?: (string);
  'resource'?: (string);
  'run_id'?: (string);
  'policies'?: (string)[];
  'message'?: (string);
  'groups'?: (_palisade_v1_WantedGroup)[];
  'request_digest'?: (string);
  'decision_id'?: (string);
  'bundle_digest'?: (string);
  'created_at'?: (_google_protobuf_Timestamp | null);
  'expires_at'?: (_google_protobuf_Timestamp | null);
  'decided_at'?: (_google_protobuf_Timestamp | null);
  'consumed_at'?: (_google_protobuf_Timestamp | null);
  'consumed_by'?: (string);
  'answers'?: (_palisade_v1_GivenAnswer)[];
}

export interface ApprovalQuestion__Output {
  'approval_id': (string);
  'store': (string);
  'status': (string);
  'severity': (string);
  'subject': (string);
  'principal': (string);
  'action': (string);
  'resource': (string);
  'run_id': (string);
  'policies': (string)[];
  'message': (string);
  'groups': (_palisade_v1_WantedGroup__Output)[];
  'request_digest': (string);
  'decision_id': (string);
  'bundle_digest': (string);
  'created_at': (_google_protobuf_Timestamp__Output | null);
  'expires_at': (_google_protobuf_Timestamp__Output | null);
  'decided_at': (_google_protobuf_Timestamp__Output | null);
  'consumed_at': (_google_protobuf_Timestamp__Output | null);
  'consumed_by': (string);
  'answers': (_palisade_v1_GivenAnswer__Output)[];
}
