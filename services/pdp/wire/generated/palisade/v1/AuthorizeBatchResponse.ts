// Original file: proto/palisade/v1/authorization.proto

import type { AuthorizeResult as _palisade_v1_AuthorizeResult, AuthorizeResult__Output as _palisade_v1_AuthorizeResult__Output } from '../../palisade/v1/AuthorizeResult.ts';

export interface AuthorizeBatchResponse {
  'results'?: (_palisade_v1_AuthorizeResult)[];
}

export interface AuthorizeBatchResponse__Output {
  'results': (_palisade_v1_AuthorizeResult__Output)[];
}
