// Original file: proto/palisade/v1/authorization.proto

import type { Value as _palisade_v1_Value, Value__Output as _palisade_v1_Value__Output } from '../../palisade/v1/Value.ts';

export interface Extension {
  'fn'?: (string);
  'args'?: (_palisade_v1_Value)[];
}

export interface Extension__Output {
  'fn': (string);
  'args': (_palisade_v1_Value__Output)[];
}
