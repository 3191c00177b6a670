// Original file: proto/palisade/v1/authorization.proto

import type { Field as _palisade_v1_Field, Field__Output as _palisade_v1_Field__Output } from '../../palisade/v1/Field.ts';

export interface Record {
  'fields'?: (_palisade_v1_Field)[];
}

export interface Record__Output {
  'fields': (_palisade_v1_Field__Output)[];
}
