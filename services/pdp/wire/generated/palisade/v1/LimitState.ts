// Original file: proto/palisade/v1/authorization.proto

import type { Timestamp as _google_protobuf_Timestamp, Timestamp__Output as _google_protobuf_Timestamp__Output } from '../../google/protobuf/Timestamp.ts';
import type { Long } from '@grpc/proto-loader';

export interface LimitState {
  'name'?: (string);
  'used'?: (number | string | Long);
  'max'?: (number | string | Long);
  'resets_at'?: (_google_protobuf_Timestamp | null);
}

export interface LimitState__Output {
  'name': (string);
  'used': (string);
  'max': (string);
  'resets_at': (_google_protobuf_Timestamp__Output | null);
}
