// Original file: proto/palisade/v1/authorization.proto

import type { AuthorizeRequest as _palisade_v1_AuthorizeRequest, AuthorizeRequest__Output as _palisade_v1_AuthorizeRequest__Output } from '../../palisade/v1/AuthorizeRequest.ts';

export interface AuthorizeBatchRequest {
  'requests'?: (_palisade_v1_AuthorizeRequest)[];
}

export interface AuthorizeBatchRequest__Output {
  'requests': (_palisade_v1_AuthorizeRequest__Output)[];
}
