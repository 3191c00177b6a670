import {
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
} from '@grpc/grpc-js';
import { certificateBehind, putCertificate } from '../../tls/client-certificate.ts';

/**
 * Puts the client certificate of a connection behind the metadata of each call as it begins: later the connection may be gone,
 * and with it whose certificate it was.
 */
export const readCertificate: ServerInterceptor = (_method, call) => {
  const certificate = certificateBehind(call.getAuthContext().sslPeerCertificate);
  if (certificate === undefined) return new ServerInterceptingCall(call);

  const listener = new ServerListenerBuilder()
    .withOnReceiveMetadata((metadata, next) => {
      putCertificate(metadata, certificate);
      next(metadata);
    })
    .build();

  return new ServerInterceptingCall(call, new ResponderBuilder().withStart((next) => next(listener)).build());
};
