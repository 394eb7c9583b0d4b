// What a session is protected with, held against a profile and against what the same agent had before.
import {
  type CryptoProfile,
  PROVIDER_NAMES,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  TLS_GROUPS,
  type TlsGroup,
} from '@threatguard/proto';

/** A session's properties, as the handshake and the hello gave them; names nobody knows rank below all others. */
export interface SessionCrypto {
  tlsProtocol: string;
  tlsGroup: string;
  signatureAlgorithm: string;
  /** As the agent says. */
  provider: string;
  certificateExpiresAtUs: number;
}

const PROTOCOLS = ['TLSv1.2', 'TLSv1.3'];

/** NIST's security category, 0 for what is not in the table. */
const categoryOfGroup = (name: string) => TLS_GROUPS[name as TlsGroup]?.securityCategory ?? 0;
const categoryOfSignature = (name: string) => SIGNATURE_ALGORITHMS[name as SignatureAlgorithm]?.securityCategory ?? 0;
/** OpenSSL's is written to take the same time whatever the key; WebAssembly promises nobody that. */
const rankOfProvider = (name: string) => ['', 'liboqs', 'openssl'].indexOf(name);

/** Why a session is below `policy`, a phrase each; empty where it is not. */
export function belowPolicy(session: SessionCrypto, policy: CryptoProfile, nowUs: number): string[] {
  const below = weakness(session, policy);
  if (!PROVIDER_NAMES.some((known) => known === session.provider)) {
    below.push('the agent does not say which provider it uses: update it');
  }
  if (session.certificateExpiresAtUs <= nowUs) below.push('its certificate has expired');
  return below;
}

/** What of a session itself is too weak: not that nothing is known of it, nor that it is long ago. */
export function weakness(session: SessionCrypto, policy: CryptoProfile): string[] {
  const below: string[] = [];
  if (session.tlsProtocol !== 'TLSv1.3') below.push(`${session.tlsProtocol || 'no protocol'} instead of TLSv1.3`);
  if (categoryOfGroup(session.tlsGroup) < categoryOfGroup(policy.tlsGroup)) {
    below.push(`group ${session.tlsGroup || 'unknown'} instead of ${policy.tlsGroup}`);
  }
  if (categoryOfSignature(session.signatureAlgorithm) < categoryOfSignature(policy.signature)) {
    below.push(`${session.signatureAlgorithm || 'an unknown algorithm'} instead of ${policy.signature}`);
  }
  return below;
}

/** What became weaker since the session before, a phrase each. */
export function weakened(before: SessionCrypto, now: SessionCrypto): string[] {
  const ranks: [keyof SessionCrypto, (name: string) => number][] = [
    ['tlsProtocol', (name) => PROTOCOLS.indexOf(name)],
    ['tlsGroup', categoryOfGroup],
    ['signatureAlgorithm', categoryOfSignature],
    ['provider', rankOfProvider],
  ];
  return ranks
    .filter(([key, rank]) => rank(String(now[key])) < rank(String(before[key])))
    .map(([key]) => `${now[key] || 'nothing it says'} instead of ${before[key]}`);
}
