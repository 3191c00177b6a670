// Original file: proto/palisade/v1/authorization.proto

import type { Entity as _palisade_v1_Entity, Entity__Output as _palisade_v1_Entity__Output } from '../../palisade/v1/Entity.ts';

export interface EntityList {
  'entities'?: (_palisade_v1_Entity)[];
}

export interface EntityList__Output {
  'entities': (_palisade_v1_Entity__Output)[];
}
