import type { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { createSecureContext, type PeerCertificate } from 'node:tls';
import { type ChannelCredentials, type ChannelOptions, credentials } from '@grpc/grpc-js';
import { MESSAGE_BYTES_MAX } from './limits.ts';
import { parsePeerName } from './peer-name.ts';
import { keyId } from './signature.ts';
import { tlsPolicy } from './transport.ts';
import { caServerName } from './trust-anchors.ts';

/**
 * PEM texts; `ca` may hold several, the newest first. Without `certificate` and `key` only the enrolment service answers.
 */
export interface ClientIdentity {
  ca: string | Buffer;
  certificate?: string | Buffer;
  key?: string | Buffer;
}

/**
 * Credentials towards a collector: TLS 1.3, the hybrid group of the fleet's profile only, the fleet's CA only. The collector is known by the
 * name in its certificate, not by its address, so it may move.
 */
export function collectorCredentials(identity: ClientIdentity): ChannelCredentials {
  const context = createSecureContext({
    ...tlsPolicy(identity.ca),
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

/** How every channel to a collector behaves. */
export const CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  // A ping finds a dead peer within 20 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.initial_reconnect_backoff_ms': 500,
  'grpc.max_reconnect_backoff_ms': 30_000,
  // The collector is known by the URI in its certificate. Without a name here grpc-js would send the address as the TLS
  // server name, which Node 26 refuses for an IP address (RFC 6066 section 3).
  'grpc.ssl_target_name_override': 'collector',
  // Each channel connects by itself: a shared connection would bring another caller's back-off along.
  'grpc.use_local_subchannel_pool': 1,
  // Agents and consoles go to their collector directly; a proxy in the environment is for other programs.
  'grpc.enable_http_proxy': 0,
};

/** CHANNEL_OPTIONS with which the collector shows a certificate of the newest CA that `ca` holds. */
export function channelOptionsFor({ ca }: Pick<ClientIdentity, 'ca'>): ChannelOptions {
  const caSha256 = keyId(new X509Certificate(ca).publicKey).toString('hex');
  return { ...CHANNEL_OPTIONS, 'grpc.ssl_target_name_override': caServerName(caSha256) };
}
