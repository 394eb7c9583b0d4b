// The one port. Handshakes are judged here, before gRPC sees a byte: what comes through `accept` has either an identity of
// our CA or none at all.
//
// Invariant: #unauthenticated holds the address of every connection whose peer has not shown a certificate, and no other.
import type { X509Certificate } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import {
  createSecureContext,
  createServer as createTlsServer,
  type SecureContext,
  type TLSSocket,
  type Server as TlsServer,
} from 'node:tls';
import { readCertificates, tlsPolicy } from '@threatguard/proto';
import { classifyHandshakeError, type HandshakeCode } from './handshake.ts';
import { type AgentLookup, identifyPeer, type Peer } from './peers.ts';

const HANDSHAKE_MS_MAX = 10_000;
/** An enrolment takes well under a second; a peer without a certificate has nothing else to do here. */
const UNAUTHENTICATED_MS_MAX = 30_000;
/** Handshakes and enrolments at one time: about what one core completes in a second. */
const UNAUTHENTICATED_MAX = 128;

/** What the collector shows of itself, and whom it trusts. PEM. */
export interface ListenerCredentials {
  privateKey: string;
  /** The CAs whose certificates are taken. */
  ca: string;
  /**
   * The collector's certificate by each CA, with the CA's own, by the server name a peer asks for it with (caServerName),
   * newest first. A peer that asks for none is shown the last: it may know only the oldest.
   */
  chains: readonly { serverName: string; certificateChain: string }[];
}

export interface TlsListenerParts {
  host: string;
  port: number;
  credentials: ListenerCredentials;
  lookup: AgentLookup;
  nowMs: () => number;
  accept: (peer: Peer) => void;
  /** `agentId` where the peer showed a certificate of ours. */
  refused: (code: HandshakeCode, address: string, agentId: string | undefined) => void;
}

export class TlsListener implements Disposable {
  readonly #parts: TlsListenerParts;
  readonly #tls: TlsServer;
  readonly #tcp: Server;
  readonly #sockets = new Set<Socket>();
  readonly #unauthenticated = new Set<string>();
  #contexts = new Map<string, SecureContext>();
  #anchors: X509Certificate[] = [];

  private constructor(parts: TlsListenerParts) {
    this.#parts = parts;
    this.#tls = createTlsServer({
      ...tlsPolicy(parts.credentials.ca),
      SNICallback: (name, done) => done(null, this.#contexts.get(name)),
      requestCert: true,
      // A peer that wants to enrol has no certificate; one that has a bad certificate is refused below, and counted.
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      handshakeTimeout: HANDSHAKE_MS_MAX,
    });
    this.use(parts.credentials);
    this.#tls.on('secureConnection', (socket) => this.#judge(socket));
    this.#tls.on('tlsClientError', (error: Error & { code?: string }, socket) => {
      const address = addressOf(socket);
      this.#unauthenticated.delete(address);
      parts.refused(classifyHandshakeError(error), address, undefined);
      socket.destroy();
    });
    this.#tcp = createServer({ noDelay: true }, (socket) => this.#connected(socket));
  }

  static async listen(parts: TlsListenerParts): Promise<TlsListener> {
    const listener = new TlsListener(parts);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    listener.#tcp.once('error', reject);
    listener.#tcp.listen(parts.port, parts.host, resolve);
    await promise;
    return listener;
  }

  /** Where it listens, with the port the system chose for 0. */
  get address(): string {
    const bound = this.#tcp.address() as { address: string; port: number; family: string };
    return bound.family === 'IPv6' ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
  }

  /** Shows this from the next handshake on; connections that are open stay. */
  use({ privateKey, ca, chains }: ListenerCredentials): void {
    const options = chains.map(({ certificateChain }) => ({
      ...tlsPolicy(ca),
      key: privateKey,
      ca,
      cert: certificateChain,
    }));
    this.#contexts = new Map(chains.map(({ serverName }, index) => [serverName, createSecureContext(options[index])]));
    this.#tls.setSecureContext(options.at(-1)!);
    this.#anchors = readCertificates(ca);
  }

  #connected(socket: Socket): void {
    const address = addressOf(socket);
    // A connection that breaks has no more to say; what it cost is counted where the handshake fails.
    socket.on('error', () => socket.destroy());
    if (this.#unauthenticated.size >= UNAUTHENTICATED_MAX) {
      this.#parts.refused('too_many_unauthenticated', address, undefined);
      socket.destroy();
      return;
    }
    this.#unauthenticated.add(address);
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#unauthenticated.delete(address);
    });
    this.#tls.emit('connection', socket);
  }

  #judge(socket: TLSSocket): void {
    const address = addressOf(socket);
    socket.on('error', () => socket.destroy());
    const { lookup, nowMs } = this.#parts;
    const peer = identifyPeer(socket, { lookup, anchors: this.#anchors, nowMs: nowMs() });
    if ('refused' in peer) {
      this.#unauthenticated.delete(address);
      this.#parts.refused(peer.refused, address, peer.agentId);
      socket.destroy();
      return;
    }
    // Counted, though it may stay: there is one thing it may ask for.
    if (peer.expired) this.#parts.refused('certificate_expired', address, peer.expired.id);
    if (peer.identity) {
      this.#unauthenticated.delete(address);
    } else {
      const timer = setTimeout(() => {
        this.#parts.refused('unauthenticated_too_long', address, undefined);
        socket.destroy();
      }, UNAUTHENTICATED_MS_MAX);
      socket.once('close', () => clearTimeout(timer));
    }
    // The TCP socket underneath no longer feels what happens to the connection; this one does.
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#unauthenticated.delete(address);
    });
    this.#parts.accept({ ...peer, address, socket });
  }

  /** Takes no more connections; those that are open stay. */
  close(): void {
    this.#tcp.close();
  }

  /** No connection afterwards. Those that carry a stream are to be ended before. */
  [Symbol.dispose](): void {
    this.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
