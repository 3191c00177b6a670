// Original file: proto/palisade/v1/authorization.proto

import type { EntityUid as _palisade_v1_EntityUid, EntityUid__Output as _palisade_v1_EntityUid__Output } from '../../palisade/v1/EntityUid.ts';
import type { EntityList as _palisade_v1_EntityList, EntityList__Output as _palisade_v1_EntityList__Output } from '../../palisade/v1/EntityList.ts';
import type { Run as _palisade_v1_Run, Run__Output as _palisade_v1_Run__Output } from '../../palisade/v1/Run.ts';
import type { Detail as _palisade_v1_Detail, Detail__Output as _palisade_v1_Detail__Output } from '../../palisade/v1/Detail.ts';
import type { Long } from '@grpc/proto-loader';

export interface ConstraintsRequest {
  'principal'?: (_palisade_v1_EntityUid | null);
  'actions'?: (_palisade_v1_EntityUid)[];
  'resource_types'?: (string)[];
  'entities'?: (_palisade_v1_EntityList | null);
  'entities_json'?: (string);
  'policy_store'?: (string);
  'request_id'?: (string);
  'run'?: (_palisade_v1_Run | null);
  'detail'?: (_palisade_v1_Detail);
  'expected_bundle_digest'?: (string);
  'at_least_sequence'?: (number | string | Long);
  'entities_source'?: "entities"|"entities_json";
}

export interface ConstraintsRequest__Output {
  'principal': (_palisade_v1_EntityUid__Output | null);
  'actions': (_palisade_v1_EntityUid__Output)[];
  'resource_types': (string)[];
  'entities'?: (_palisade_v1_EntityList__Output | null);
  'entities_json'?: (string);
  'policy_store': (string);
  'request_id': (string);
  'run': (_palisade_v1_Run__Output | null);
  'detail': (_palisade_v1_Detail__Output);
  'expected_bundle_digest': (string);
  'at_least_sequence': (string);
  'entities_source'?: "entities"|"entities_json";
}
