import { X509Certificate } from 'node:crypto';
import { profileOfCa, TLS_GROUPS, type TlsGroup } from './algorithms.ts';

const TLS_13 = { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' } as const;

/** For a peer that does not know the fleet yet: TLS 1.3 and the groups of every profile, hybrid all of them. */
export const TLS_POLICY = { ...TLS_13, ecdhCurve: Object.keys(TLS_GROUPS).join(':') } as const;

/**
 * TLS settings both ends of a fleet share, by the certificate of its CA (PEM; of several the first): the one group of its
 * profile. A peer without the group or TLS 1.3 fails its handshake.
 */
export function tlsPolicy(ca: string | Uint8Array): typeof TLS_13 & { ecdhCurve: TlsGroup } {
  const profile = profileOfCa(new X509Certificate(ca).publicKey);
  if (!profile) throw new TypeError('the key of this CA is not one of an algorithm of ours');
  return { ...TLS_13, ecdhCurve: profile.tlsGroup };
}

/** Metadata in answers to a console whose certificate should be renewed: why. */
export const RENEW_METADATA = 'threatguard-renew';

/** Metadata of refusals that a login is about: `login` where one is needed, `role` where another one is. */
export const LOGIN_METADATA = 'threatguard-login';
