// Original file: proto/palisade/v1/authorization.proto

import type { Value as _palisade_v1_Value, Value__Output as _palisade_v1_Value__Output } from '../../palisade/v1/Value.ts';

export interface Field {
  'name'?: (string);
  'value'?: (_palisade_v1_Value | null);
}

export interface Field__Output {
  'name': (string);
  'value': (_palisade_v1_Value__Output | null);
}
