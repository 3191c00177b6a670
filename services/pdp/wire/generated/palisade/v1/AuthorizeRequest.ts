// Original file: proto/palisade/v1/authorization.proto

import type { EntityUid as _palisade_v1_EntityUid, EntityUid__Output as _palisade_v1_EntityUid__Output } from '../../palisade/v1/EntityUid.ts';
import type { Record as _palisade_v1_Record, Record__Output as _palisade_v1_Record__Output } from '../../palisade/v1/Record.ts';
import type { EntityList as _palisade_v1_EntityList, EntityList__Output as _palisade_v1_EntityList__Output } from '../../palisade/v1/EntityList.ts';
import type { Run as _palisade_v1_Run, Run__Output as _palisade_v1_Run__Output } from '../../palisade/v1/Run.ts';
import type { Mode as _palisade_v1_Mode, Mode__Output as _palisade_v1_Mode__Output } from '../../palisade/v1/Mode.ts';
import type { Detail as _palisade_v1_Detail, Detail__Output as _palisade_v1_Detail__Output } from '../../palisade/v1/Detail.ts';
import type { Long } from '@grpc/proto-loader';

export interface AuthorizeRequest {
  'principal'?: (_palisade_v1_EntityUid | null);
  'action'?: (_palisade_v1_EntityUid | null);
  'resource'?: (_palisade_v1_EntityUid | null);
  'context'?: (_palisade_v1_Record | null);
  'context_json'?: (string);
  'entities'?: (_palisade_v1_EntityList | null);
  'entities_json'?: (string);
  'policy_store'?: (string);
  'request_id'?: (string);
  'idempotency_key'?: (string);
  'run'?: (_palisade_v1_Run | null);
  'mode'?: (_palisade_v1_Mode);
  'detail'?: (_palisade_v1_Detail);
  'expected_bundle_digest'?: (string);
  'at_least_sequence'?: (number | string | Long);
  'approval_id'?: (string);
  'supported_obligations'?: (string)[];
  'traceparent'?: (string);
  'context_source'?: "context"|"context_json";
  'entities_source'?: "entities"|"entities_json";
}

export interface AuthorizeRequest__Output {
  'principal': (_palisade_v1_EntityUid__Output | null);
  'action': (_palisade_v1_EntityUid__Output | null);
  'resource': (_palisade_v1_EntityUid__Output | null);
  'context'?: (_palisade_v1_Record__Output | null);
  'context_json'?: (string);
  'entities'?: (_palisade_v1_EntityList__Output | null);
  'entities_json'?: (string);
  'policy_store': (string);
  'request_id': (string);
  'idempotency_key': (string);
  'run': (_palisade_v1_Run__Output | null);
  'mode': (_palisade_v1_Mode__Output);
  'detail': (_palisade_v1_Detail__Output);
  'expected_bundle_digest': (string);
  'at_least_sequence': (string);
  'approval_id': (string);
  'supported_obligations': (string)[];
  'traceparent': (string);
  'context_source'?: "context"|"context_json";
  'entities_source'?: "entities"|"entities_json";
}
