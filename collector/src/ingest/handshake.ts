/** Why a connection ended before anybody could be asked what he wants. Closed list; each is counted. */
const HANDSHAKE_CODES = [
  'no_post_quantum_group', // the peer does not offer X25519MLKEM768
  'tls_version', // older than TLS 1.3
  'handshake_timeout',
  'handshake_failed', // not TLS, cut off, or any other fault of the handshake
  'certificate_expired',
  'certificate_untrusted', // another CA, or not for this use
  'certificate_unnamed', // of our CA, but without the one name we put there
  'agent_unknown',
  'agent_revoked',
  'key_superseded', // a key this agent has replaced, and does not use any more
  'too_many_unauthenticated', // bounded: peers that have not shown a certificate
  'unauthenticated_too_long',
] as const;

export type HandshakeCode = (typeof HANDSHAKE_CODES)[number];

const BY_OPENSSL_CODE: Record<string, HandshakeCode> = {
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'no_post_quantum_group',
  ERR_SSL_NO_SUITABLE_GROUPS: 'no_post_quantum_group',
  ERR_SSL_NO_SHARED_GROUP: 'no_post_quantum_group',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'tls_version',
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: 'tls_version',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'handshake_timeout',
};

/** The code for an error of `tlsClientError`. */
export function classifyHandshakeError(error: { code?: string }): HandshakeCode {
  return BY_OPENSSL_CODE[error.code ?? ''] ?? 'handshake_failed';
}

/** The code for a certificate that did not verify, from OpenSSL's reason (`authorizationError`). */
export function classifyCertificateError(reason: string): HandshakeCode {
  return reason === 'CERT_HAS_EXPIRED' ? 'certificate_expired' : 'certificate_untrusted';
}

/** How often each code was given since the collector started. Not stored: a peer nobody knows writes to no database. */
export class HandshakeCounts {
  readonly #counts = new Map<HandshakeCode, number>();

  count(code: HandshakeCode): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  of(code: HandshakeCode): number {
    return this.#counts.get(code) ?? 0;
  }

  entries(): IterableIterator<[HandshakeCode, number]> {
    return this.#counts.entries();
  }
}
