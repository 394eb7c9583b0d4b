// Who is at the other end of each connection, as the TLS handshake proved it.
import { type KeyObject, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { issuerOf, keyId, type PeerName, parsePeerName } from '@threatguard/proto';
import type { KeyStanding } from '../fleet/agent-keys.ts';
import type { OpenedSession } from '../fleet/session-register.ts';
import { classifyCertificateError, type HandshakeCode } from './handshake.ts';

/**
 * A connection. `identity` is absent where the peer showed no certificate that is valid: it may only enrol. `expired` is an
 * agent whose certificate was one: it may ask for another.
 */
export interface Peer {
  address: string;
  identity: PeerIdentity | undefined;
  expired?: PeerIdentity | undefined;
  socket: TLSSocket;
}

export interface PeerIdentity extends PeerName {
  publicKey: KeyObject;
  signingKeyId: Uint8Array;
  certificate: X509Certificate;
  /** SHA-256 of the key of the CA that issued it, hex. */
  caSha256: string;
}

/** What the fleet knows of an agent and of a key it may have; undefined where there is no such agent. */
export type AgentLookup = (
  id: string,
  keyId: string,
) => { standing: KeyStanding | undefined; revokedAtUs: number | undefined } | undefined;

/** What a certificate is held against. */
export interface Judges {
  lookup: AgentLookup;
  anchors: readonly X509Certificate[];
  nowMs: number;
}

/** A peer that is sent away; `agentId` where the certificate is one of ours. */
export interface Stranger {
  refused: HandshakeCode;
  agentId?: string;
}

/** Extended key usage of a client (RFC 5280 4.2.1.12). */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** What OpenSSL finds of time, by the system's clock: that is judged here, by the collector's. */
const OF_TIME: readonly string[] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];

/**
 * Who a handshake that succeeded is with: nobody for a peer without a certificate, an expired agent where nothing but its
 * time is over, or why to refuse it.
 */
export function identifyPeer(socket: TLSSocket, judges: Judges): Omit<Peer, 'address' | 'socket'> | Stranger {
  const raw = socket.getPeerCertificate().raw as Buffer | undefined;
  if (!raw) return { identity: undefined };
  const openssl = socket.authorized ? undefined : String(socket.authorizationError);
  if (openssl && !OF_TIME.includes(openssl)) return { refused: classifyCertificateError(openssl) };
  // OpenSSL names one fault only, so where that was the time, issuer and use are not proven by it.
  const certificate = new X509Certificate(raw);
  const ca = issuerOf(certificate, judges.anchors);
  if (!ca || !certificate.keyUsage?.includes(CLIENT_AUTH)) return { refused: 'certificate_untrusted' };
  if (judges.nowMs < certificate.validFromDate.getTime()) return { refused: 'certificate_untrusted' };
  const name = parsePeerName(certificate.subjectAltName);
  if (!name) return { refused: 'certificate_unnamed' };
  const { publicKey } = certificate;
  const caSha256 = keyId(ca.publicKey).toString('hex');
  const identity = { ...name, publicKey, signingKeyId: keyId(publicKey), certificate, caSha256 };
  const refused = refuseAgent(identity, judges.lookup);
  if (refused) return { refused, agentId: identity.id };
  if (judges.nowMs <= certificate.validToDate.getTime()) return { identity };
  return name.kind === 'agent' ? { identity: undefined, expired: identity } : { refused: 'certificate_expired' };
}

/** What the handshake of an agent proved; undefined where its connection is gone. */
export function provenSession(peer: Peer | undefined): Omit<OpenedSession, 'provider'> | undefined {
  const certificate = peer?.socket.getPeerX509Certificate();
  if (!peer?.identity || !certificate) return undefined;
  return {
    agentId: peer.identity.id,
    tlsProtocol: peer.socket.getProtocol() ?? '',
    publicKey: peer.identity.publicKey,
    keyId: Buffer.from(peer.identity.signingKeyId).toString('hex'),
    certificateExpiresAtUs: certificate.validToDate.getTime() * 1000,
  };
}

/** Asked again at every call, because an agent may be revoked while it is connected. */
export function refuseAgent(identity: PeerIdentity, lookup: AgentLookup): HandshakeCode | undefined {
  if (identity.kind !== 'agent') return undefined;
  const known = lookup(identity.id, Buffer.from(identity.signingKeyId).toString('hex'));
  if (!known?.standing) return 'agent_unknown';
  if (known.revokedAtUs !== undefined) return 'agent_revoked';
  return known.standing === 'superseded' ? 'key_superseded' : undefined;
}

/** Live connections by the address gRPC names them with (`call.getPeer()`). */
export class Peers {
  readonly #byAddress = new Map<string, Peer>();

  add(peer: Peer): void {
    this.#byAddress.set(peer.address, peer);
    peer.socket.once('close', () => this.#byAddress.delete(peer.address));
  }

  at(address: string): Peer | undefined {
    return this.#byAddress.get(address);
  }

  ofAgent(agentId: string): Peer[] {
    return [...this.#byAddress.values()].filter(
      ({ identity }) => identity?.kind === 'agent' && identity.id === agentId,
    );
  }

  /** Resolves when those that are connected now are not any more. */
  async gone(): Promise<void> {
    const closing = [...this.#byAddress.values()].map(
      ({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    await Promise.all(closing);
  }
}
