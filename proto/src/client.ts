import type { Buffer } from 'node:buffer';
import { createSecureContext, type PeerCertificate } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { MESSAGE_BYTES_MAX } from './limits.ts';
import { parsePeerName } from './peer-name.ts';
import { TLS_POLICY } from './transport.ts';

/** PEM texts. Without `certificate` and `key` only the enrolment service answers. */
export interface ClientIdentity {
  ca: string | Buffer;
  certificate?: string | Buffer;
  key?: string | Buffer;
}

/**
 * Credentials towards a collector: TLS 1.3, the hybrid group only, the fleet's CA only. The collector is known by the
 * name in its certificate, not by its address, so it may move.
 */
export function collectorCredentials(identity: ClientIdentity): ChannelCredentials {
  const context = createSecureContext({
    ...TLS_POLICY,
    ca: identity.ca,
    cert: identity.certificate,
    key: identity.key,
  });
  return credentials.createFromSecureContext(context, {
    checkServerIdentity: (_host: string, certificate: PeerCertificate) =>
      parsePeerName(certificate.subjectaltname)?.kind === 'collector'
        ? undefined
        : new Error('the certificate of this server is not one of a collector'),
  });
}

/** Channel settings both agent and console use: message limits, and a ping that finds a dead peer within 20 s. */
export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 500,
  'grpc.max_reconnect_backoff_ms': 30_000,
};
