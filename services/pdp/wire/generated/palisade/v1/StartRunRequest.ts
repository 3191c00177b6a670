// Original file: proto/palisade/v1/authorization.proto

import type { EntityUid as _palisade_v1_EntityUid, EntityUid__Output as _palisade_v1_EntityUid__Output } from '../../palisade/v1/EntityUid.ts';

export interface StartRunRequest {
  'principal'?: (_palisade_v1_EntityUid | null);
  'policy_store'?: (string);
  'parent_run_id'?: (string);
  'conversation_id'?: (string);
  'request_id'?: (string);
}

export interface StartRunRequest__Output {
  'principal': (_palisade_v1_EntityUid__Output | null);
  'policy_store': (string);
  'parent_run_id': (string);
  'conversation_id': (string);
  'request_id': (string);
}
