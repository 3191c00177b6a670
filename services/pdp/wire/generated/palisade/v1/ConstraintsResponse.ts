// Original file: proto/palisade/v1/authorization.proto

import type { Bundle as _palisade_v1_Bundle, Bundle__Output as _palisade_v1_Bundle__Output } from '../../palisade/v1/Bundle.ts';
import type { Enforcement as _palisade_v1_Enforcement, Enforcement__Output as _palisade_v1_Enforcement__Output } from '../../palisade/v1/Enforcement.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { ActionConstraints as _palisade_v1_ActionConstraints, ActionConstraints__Output as _palisade_v1_ActionConstraints__Output } from '../../palisade/v1/ActionConstraints.ts';
import type { Long } from '@grpc/proto-loader';

export interface ConstraintsResponse {
  'request_id'?: (string);
  'bundle'?: (_palisade_v1_Bundle | null);
  'state_sequence'?: (number | string | Long);
  'enforcement'?: (_palisade_v1_Enforcement);
  'trace_id'?: (string);
  'evaluated_at'?: (_google_protobuf_Timestamp | null);
  'actions'?: (_palisade_v1_ActionConstraints)[];
}

export interface ConstraintsResponse__Output {
  'request_id': (string);
  'bundle': (_palisade_v1_Bundle__Output | null);
  'state_sequence': (string);
  'enforcement': (_palisade_v1_Enforcement__Output);
  'trace_id': (string);
  'evaluated_at': (_google_protobuf_Timestamp__Output | null);
  'actions': (_palisade_v1_ActionConstraints__Output)[];
}
