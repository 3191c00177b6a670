// Original file: proto/palisade/v1/authorization.proto

import type { Record as _palisade_v1_Record, Record__Output as _palisade_v1_Record__Output } from '../../palisade/v1/Record.ts';

export interface Obligation {
  'id'?: (string);
  'params'?: (_palisade_v1_Record | null);
}

export interface Obligation__Output {
  'id': (string);
  'params': (_palisade_v1_Record__Output | null);
}
