// Whose certificates chain to which CA: who keeps an old one from being retired.
import { X509Certificate } from 'node:crypto';
import { keyId } from '@threatguard/proto';
import type { Store } from '../store/store.ts';
import type { CertificateAuthorities } from './authorities.ts';
import type { Fleet } from './fleet.ts';

export interface CaHolder {
  kind: 'agent' | 'console';
  id: string;
  name: string;
  certificateExpiresAtUs: number;
  lastSeenAtUs: number;
}

export interface HolderParts {
  store: Store;
  fleet: Fleet;
  authorities: CertificateAuthorities;
  nowUs: () => number;
  /** How long after its expiry an agent may still ask for another certificate. */
  graceUs: number;
}

/**
 * Agents and consoles by the CA (SHA-256 of its key, hex) they have proved to follow, as far as they could still connect.
 * An agent that was sent a certificate of another CA and has not come with it counts for the old one: it may have lost it.
 */
export async function holdersByCa(parts: HolderParts): Promise<Map<string, CaHolder[]>> {
  const { store, fleet, authorities } = parts;
  const now = parts.nowUs();
  const holders = new Map<string, CaHolder[]>();
  const add = (ca: string | undefined, holder: CaHolder) => {
    if (ca) holders.set(ca, [...(holders.get(ca) ?? []), holder]);
  };
  for (const agent of fleet.agents()) {
    const { id, name, certificateExpiresAtUs, lastSeenAtUs } = agent;
    if (agent.revokedAtUs !== undefined || certificateExpiresAtUs + parts.graceUs < now) continue;
    const ca = agent.presentedCa ?? issuer(agent.certificate, authorities);
    add(ca, { kind: 'agent', id, name, certificateExpiresAtUs, lastSeenAtUs });
  }
  for (const console of await store.consoleCertificates()) {
    const { name, expiresAtUs: certificateExpiresAtUs, lastSeenAtUs } = console;
    if (certificateExpiresAtUs < now) continue;
    add(issuer(console.certificate, authorities), {
      kind: 'console',
      id: name,
      name,
      certificateExpiresAtUs,
      lastSeenAtUs,
    });
  }
  return holders;
}

/** By name alone: these certificates are our own, read from our store. */
function issuer(certificate: Uint8Array, authorities: CertificateAuthorities): string | undefined {
  const leaf = new X509Certificate(certificate);
  const ca = authorities.anchors.find((anchor) => leaf.checkIssued(anchor));
  return ca && keyId(ca.publicKey).toString('hex');
}
