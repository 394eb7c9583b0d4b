// The gRPC side of the port: services behind one authorisation, connections handed over by the TLS listener.
import { Server, ServerCredentials, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { MESSAGE_BYTES_MAX } from '@threatguard/proto';
import { authoriseCalls, type ConsoleAuthorisation, isForConsoles } from './authorisation.ts';
import { countOversized } from './count-oversized.ts';
import type { AgentLookup, Peer, Peers } from './peers.ts';
import { mustHaveScopes } from './rpc-scopes.ts';
import { type ListenerCredentials, TlsListener, type TlsListenerParts } from './tls-listener.ts';

/** Calls at one time on one connection; a console uses a handful, an agent one. */
const STREAMS_PER_CONNECTION_MAX = 32;
const KEEPALIVE_MS = 10_000;
/** For calls that are being answered and streams that are told why they end. */
const GOODBYE_MS_MAX = 500;

export interface Service {
  definition: ServiceDefinition;
  handlers: UntypedServiceImplementation;
}

export interface ServerParts extends Omit<TlsListenerParts, 'accept'>, ConsoleAuthorisation {
  peers: Peers;
  /** An agent sent a message beyond what gRPC takes; its call has ended. */
  oversized: (agentId: string) => void;
  lookup: AgentLookup;
  /** A connection was made; called before its first call. */
  accepted: (peer: Peer) => void;
  services: readonly Service[];
}

/** Serves until disposed. Streams should be ended before: what is open half a second later is cut. */
export class CollectorServer implements AsyncDisposable {
  readonly #listener: TlsListener;
  readonly #server: Server;
  readonly #peers: Peers;

  private constructor(parts: { listener: TlsListener; server: Server; peers: Peers }) {
    this.#listener = parts.listener;
    this.#server = parts.server;
    this.#peers = parts.peers;
  }

  static async start(parts: ServerParts): Promise<CollectorServer> {
    const server = new Server({
      // The first one is nearest to the wire.
      interceptors: [countOversized(parts.peers, parts.oversized), authoriseCalls(parts.peers, parts.lookup, parts)],
      // Above ENVELOPE_BYTES_MAX, so that an oversized envelope is refused with its code and the stream goes on; what is
      // larger than this ends the call with RESOURCE_EXHAUSTED.
      'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
      'grpc.max_concurrent_streams': STREAMS_PER_CONNECTION_MAX,
      // A host that lost its network keeps its TCP connection for hours: pings find it within 20 s.
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_MS,
      'grpc.enable_channelz': 0,
    });
    for (const { definition, handlers } of parts.services) {
      if (Object.values(definition).some(({ path }) => isForConsoles(path))) mustHaveScopes(definition);
      server.addService(definition, handlers);
    }
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const listener = await TlsListener.listen({
      ...parts,
      accept: (peer) => {
        parts.peers.add(peer);
        parts.accepted(peer);
        injector.injectConnection(peer.socket);
      },
    });
    return new CollectorServer({ listener, server, peers: parts.peers });
  }

  get address(): string {
    return this.#listener.address;
  }

  /** Shows other certificates from the next handshake on. */
  use(credentials: ListenerCredentials): void {
    this.#listener.use(credentials);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    const { promise: limit, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, GOODBYE_MS_MAX);
    // Tells every peer to go once its streams have ended; its own callback does not count connections of an injector.
    this.#server.tryShutdown(() => undefined);
    await Promise.race([this.#peers.gone(), limit]);
    clearTimeout(timer);
    this.#server.forceShutdown();
    this.#listener[Symbol.dispose]();
  }
}
