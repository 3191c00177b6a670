// Original file: proto/palisade/v1/authorization.proto

import type { PolicyResidual as _palisade_v1_PolicyResidual, PolicyResidual__Output as _palisade_v1_PolicyResidual__Output } from '../../palisade/v1/PolicyResidual.ts';

export interface TypeConstraints {
  'type'?: (string);
  'possible'?: (boolean);
  'residuals'?: (_palisade_v1_PolicyResidual)[];
}

export interface TypeConstraints__Output {
  'type': (string);
  'possible': (boolean);
  'residuals': (_palisade_v1_PolicyResidual__Output)[];
}
