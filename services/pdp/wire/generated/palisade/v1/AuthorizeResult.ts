// Original file: proto/palisade/v1/authorization.proto

import type { AuthorizeResponse as _palisade_v1_AuthorizeResponse, AuthorizeResponse__Output as _palisade_v1_AuthorizeResponse__Output } from '../../palisade/v1/AuthorizeResponse.ts';
import type { Error as _palisade_v1_Error, Error__Output as _palisade_v1_Error__Output } from '../../palisade/v1/Error.ts';

export interface AuthorizeResult {
  'request_id'?: (string);
  'index'?: (number);
  'response'?: (_palisade_v1_AuthorizeResponse | null);
  'error'?: (_palisade_v1_Error | null);
  'outcome'?: "response"|"error";
}

export interface AuthorizeResult__Output {
  'request_id': (string);
  'index': (number);
  'response'?: (_palisade_v1_AuthorizeResponse__Output | null);
  'error'?: (_palisade_v1_Error__Output | null);
  'outcome'?: "response"|"error";
}
