/** The only key exchange either end offers: hybrid X25519 with ML-KEM-768 (draft-ietf-tls-ecdhe-mlkem). */
export const TLS_GROUP = 'X25519MLKEM768';

/** TLS settings both ends share; a peer without the group or TLS 1.3 fails its handshake. */
export const TLS_POLICY = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3', ecdhCurve: TLS_GROUP } as const;

/** Metadata in answers to a console whose certificate should be renewed: why. */
export const RENEW_METADATA = 'threatguard-renew';
