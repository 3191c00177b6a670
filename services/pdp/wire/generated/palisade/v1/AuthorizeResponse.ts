// Original file: proto/palisade/v1/authorization.proto

import type { Decision as _palisade_v1_Decision, Decision__Output as _palisade_v1_Decision__Output } from '../../palisade/v1/Decision.ts';
import type { Bundle as _palisade_v1_Bundle, Bundle__Output as _palisade_v1_Bundle__Output } from '../../palisade/v1/Bundle.ts';
import type { Obligation as _palisade_v1_Obligation, Obligation__Output as _palisade_v1_Obligation__Output } from '../../palisade/v1/Obligation.ts';
import type { Approval as _palisade_v1_Approval, Approval__Output as _palisade_v1_Approval__Output } from '../../palisade/v1/Approval.ts';
import type { LimitState as _palisade_v1_LimitState, LimitState__Output as _palisade_v1_LimitState__Output } from '../../palisade/v1/LimitState.ts';
import type { Enforcement as _palisade_v1_Enforcement, Enforcement__Output as _palisade_v1_Enforcement__Output } from '../../palisade/v1/Enforcement.ts';
import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Explanation as _palisade_v1_Explanation, Explanation__Output as _palisade_v1_Explanation__Output } from '../../palisade/v1/Explanation.ts';
import type { Long } from '@grpc/proto-loader';

export interface AuthorizeResponse {
  'decision'?: (_palisade_v1_Decision);
  'decision_id'?: (string);
  'request_id'?: (string);
  'request_digest'?: (string);
  'replayed'?: (boolean);
  'bundle'?: (_palisade_v1_Bundle | null);
  'state_sequence'?: (number | string | Long);
  'reason_code'?: (string);
  'message'?: (string);
  'obligations'?: (_palisade_v1_Obligation)[];
  'approval'?: (_palisade_v1_Approval | null);
  'limits'?: (_palisade_v1_LimitState)[];
  'enforcement'?: (_palisade_v1_Enforcement);
  'trace_id'?: (string);
  'evaluated_at'?: (_google_protobuf_Timestamp | null);
  'valid_until'?: (_google_protobuf_Timestamp | null);
  'explanation'?: (_palisade_v1_Explanation | null);
  'alternatives'?: (string)[];
  'retry_after_ms'?: (number | string | Long);
}

export interface AuthorizeResponse__Output {
  'decision': (_palisade_v1_Decision__Output);
  'decision_id': (string);
  'request_id': (string);
  'request_digest': (string);
  'replayed': (boolean);
  'bundle': (_palisade_v1_Bundle__Output | null);
  'state_sequence': (string);
  'reason_code': (string);
  'message': (string);
  'obligations': (_palisade_v1_Obligation__Output)[];
  'approval': (_palisade_v1_Approval__Output | null);
  'limits': (_palisade_v1_LimitState__Output)[];
  'enforcement': (_palisade_v1_Enforcement__Output);
  'trace_id': (string);
  'evaluated_at': (_google_protobuf_Timestamp__Output | null);
  'valid_until': (_google_protobuf_Timestamp__Output | null);
  'explanation': (_palisade_v1_Explanation__Output | null);
  'alternatives': (string)[];
  'retry_after_ms': (string);
}
