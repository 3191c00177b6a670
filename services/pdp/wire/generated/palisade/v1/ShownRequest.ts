// Original file: proto/palisade/v1/approvals.proto

import type { ShownField as _palisade_v1_ShownField, ShownField__Output as _palisade_v1_ShownField__Output } from '../../palisade/v1/ShownField.ts';
import type { ShownEntity as _palisade_v1_ShownEntity, ShownEntity__Output as _palisade_v1_ShownEntity__Output } from '../../palisade/v1/ShownEntity.ts';

export interface ShownRequest {
  'principal'?: (string);
  'action'?: (string);
  'resource'?: (string);
  'context'?: (_palisade_v1_ShownField)[];
  'entities'?: (_palisade_v1_ShownEntity)[];
}

export interface ShownRequest__Output {
  'principal': (string);
  'action': (string);
  'resource': (string);
  'context': (_palisade_v1_ShownField__Output)[];
  'entities': (_palisade_v1_ShownEntity__Output)[];
}
