// Original file: proto/palisade/v1/approvals.proto

import type { ShownField as _palisade_v1_ShownField, ShownField__Output as _palisade_v1_ShownField__Output } from '../../palisade/v1/ShownField.ts';

export interface ShownEntity {
  'uid'?: (string);
  'attributes'?: (_palisade_v1_ShownField)[];
  'tags'?: (_palisade_v1_ShownField)[];
  'parents'?: (string)[];
}

export interface ShownEntity__Output {
  'uid': (string);
  'attributes': (_palisade_v1_ShownField__Output)[];
  'tags': (_palisade_v1_ShownField__Output)[];
  'parents': (string)[];
}
