import type { MethodDefinition } from '@grpc/grpc-js';

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

/** One method of a service in threatguard/v1 as grpc-js takes it, for servers and clients alike. */
export function method<Request, Response>(
  path: string,
  request: Codec<Request>,
  response: Codec<Response>,
  streams: { request?: boolean; response?: boolean } = {},
): MethodDefinition<Request, Response> {
  return {
    path: `/threatguard.v1.${path}`,
    requestStream: streams.request ?? false,
    responseStream: streams.response ?? false,
    requestSerialize: (message) => request.encode(message).finish() as Buffer,
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: (message) => response.encode(message).finish() as Buffer,
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}
