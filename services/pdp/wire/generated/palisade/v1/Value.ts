// Original file: proto/palisade/v1/authorization.proto

import type { EntityUid as _palisade_v1_EntityUid, EntityUid__Output as _palisade_v1_EntityUid__Output } from '../../palisade/v1/EntityUid.ts';
import type { Extension as _palisade_v1_Extension, Extension__Output as _palisade_v1_Extension__Output } from '../../palisade/v1/Extension.ts';
import type { Set as _palisade_v1_Set, Set__Output as _palisade_v1_Set__Output } from '../../palisade/v1/Set.ts';
import type { Record as _palisade_v1_Record, Record__Output as _palisade_v1_Record__Output } from '../../palisade/v1/Record.ts';
import type { Long } from '@grpc/proto-loader';

export interface Value {
  'bool'?: (boolean);
  'long'?: (number | string | Long);
  'string'?: (string);
  'entity'?: (_palisade_v1_EntityUid | null);
  'extension'?: (_palisade_v1_Extension | null);
  'set'?: (_palisade_v1_Set | null);
  'record'?: (_palisade_v1_Record | null);
  'kind'?: "bool"|"long"|"string"|"entity"|"extension"|"set"|"record";
}

export interface Value__Output {
  'bool'?: (boolean);
  'long'?: (string);
  'string'?: (string);
  'entity'?: (_palisade_v1_EntityUid__Output | null);
  'extension'?: (_palisade_v1_Extension__Output | null);
  'set'?: (_palisade_v1_Set__Output | null);
  'record'?: (_palisade_v1_Record__Output | null);
  'kind'?: "bool"|"long"|"string"|"entity"|"extension"|"set"|"record";
}
