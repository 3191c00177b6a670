// Original file: proto/palisade/v1/authorization.proto

import type { EntityUid as _palisade_v1_EntityUid, EntityUid__Output as _palisade_v1_EntityUid__Output } from '../../palisade/v1/EntityUid.ts';
import type { Record as _palisade_v1_Record, Record__Output as _palisade_v1_Record__Output } from '../../palisade/v1/Record.ts';

export interface Entity {
  'uid'?: (_palisade_v1_EntityUid | null);
  'attrs'?: (_palisade_v1_Record | null);
  'parents'?: (_palisade_v1_EntityUid)[];
  'tags'?: (_palisade_v1_Record | null);
}

export interface Entity__Output {
  'uid': (_palisade_v1_EntityUid__Output | null);
  'attrs': (_palisade_v1_Record__Output | null);
  'parents': (_palisade_v1_EntityUid__Output)[];
  'tags': (_palisade_v1_Record__Output | null);
}
