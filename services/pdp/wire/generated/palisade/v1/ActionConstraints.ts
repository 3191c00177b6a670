// Original file: proto/palisade/v1/authorization.proto

import type { EntityUid as _palisade_v1_EntityUid, EntityUid__Output as _palisade_v1_EntityUid__Output } from '../../palisade/v1/EntityUid.ts';
import type { TypeConstraints as _palisade_v1_TypeConstraints, TypeConstraints__Output as _palisade_v1_TypeConstraints__Output } from '../../palisade/v1/TypeConstraints.ts';

export interface ActionConstraints {
  'action'?: (_palisade_v1_EntityUid | null);
  'possible'?: (boolean);
  'resource_types'?: (_palisade_v1_TypeConstraints)[];
}

export interface ActionConstraints__Output {
  'action': (_palisade_v1_EntityUid__Output | null);
  'possible': (boolean);
  'resource_types': (_palisade_v1_TypeConstraints__Output)[];
}
