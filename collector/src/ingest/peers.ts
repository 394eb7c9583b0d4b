// Who is at the other end of each connection, as the TLS handshake proved it.
import { type KeyObject, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { keyId, type PeerName, parsePeerName } from '@threatguard/proto';
import type { OpenedSession } from '../fleet/session-register.ts';
import { classifyCertificateError, type HandshakeCode } from './handshake.ts';

/** A connection. `identity` is absent where the peer showed no certificate: it may only enrol. */
export interface Peer {
  address: string;
  identity: PeerIdentity | undefined;
  socket: TLSSocket;
}

export interface PeerIdentity extends PeerName {
  publicKey: KeyObject;
  signingKeyId: Uint8Array;
}

/** What the fleet knows of an agent; undefined for none. */
export type AgentLookup = (id: string) => { keyId: string; revokedAtUs: number | undefined } | undefined;

/**
 * Whether a handshake that succeeded is one of ours: the peer's identity, undefined for a peer without a certificate, or
 * the code to refuse it with.
 */
export function identifyPeer(socket: TLSSocket, lookup: AgentLookup): PeerIdentity | undefined | HandshakeCode {
  const raw = socket.getPeerCertificate().raw as Buffer | undefined;
  if (!raw) return undefined;
  if (!socket.authorized) return classifyCertificateError(String(socket.authorizationError));
  const certificate = new X509Certificate(raw);
  const name = parsePeerName(certificate.subjectAltName);
  if (!name) return 'certificate_unnamed';
  const identity = { ...name, publicKey: certificate.publicKey, signingKeyId: keyId(certificate.publicKey) };
  return refuseAgent(identity, lookup) ?? identity;
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
  const known = lookup(identity.id);
  if (!known || known.keyId !== Buffer.from(identity.signingKeyId).toString('hex')) return 'agent_unknown';
  return known.revokedAtUs === undefined ? undefined : 'agent_revoked';
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
