// Original file: proto/palisade/v1/authorization.proto

import type { EntityUid as _palisade_v1_EntityUid, EntityUid__Output as _palisade_v1_EntityUid__Output } from '../../palisade/v1/EntityUid.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface RunStatus {
  'run_id'?: (string);
  'principal'?: (_palisade_v1_EntityUid | null);
  'policy_store'?: (string);
  'parent_run_id'?: (string);
  'root_run_id'?: (string);
  'conversation_id'?: (string);
  'labels'?: (string)[];
  'steps'?: (number | string | Long);
  'open'?: (boolean);
  'started_at'?: (_google_protobuf_Timestamp | null);
  'ends_at'?: (_google_protobuf_Timestamp | null);
  'request_id'?: (string);
  'trace_id'?: (string);
}

export interface RunStatus__Output {
  'run_id': (string);
  'principal': (_palisade_v1_EntityUid__Output | null);
  'policy_store': (string);
  'parent_run_id': (string);
  'root_run_id': (string);
  'conversation_id': (string);
  'labels': (string)[];
  'steps': (string);
  'open': (boolean);
  'started_at': (_google_protobuf_Timestamp__Output | null);
  'ends_at': (_google_protobuf_Timestamp__Output | null);
  'request_id': (string);
  'trace_id': (string);
}
