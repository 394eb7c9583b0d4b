// The port that agents and consoles connect to, put together: who a peer is, what it may call, and the certificates both sides
// show each other.
import { caServerName, keyId } from '@threatguard/proto';
import { type AgentServicesParts, agentServices } from './agent-services.ts';
import type { CollectorConfig } from './config.ts';
import { type ConsoleServicesParts, consoleServices } from './console-services.ts';
import { CertificateCare } from './fleet/certificate-care.ts';
import { CloneWatch } from './fleet/clone-watch.ts';
import type { CollectorIdentity } from './fleet/collector-identity.ts';
import { ConsolesSeen, consoleRenewal } from './fleet/consoles-seen.ts';
import { CollectorServer } from './ingest/collector-server.ts';
import { cutOffRevoked } from './ingest/cut-off.ts';
import type { HandshakeCounts } from './ingest/handshake.ts';
import { Peers } from './ingest/peers.ts';
import { parseListen } from './listen-address.ts';

type Offered = Omit<
  AgentServicesParts & ConsoleServicesParts,
  'peers' | 'clones' | 'care' | 'graceUs' | 'demo' | 'loginRequired'
>;

export interface GrpcParts extends Offered {
  config: CollectorConfig;
  identity: CollectorIdentity;
  handshakes: HandshakeCounts;
  /** Something was asked that may have changed what other collectors hold as well. */
  changed: () => void;
  /** The collector has other certificates than before, and this port shows them. */
  renewed: () => void;
}

export interface RunningGrpc extends AsyncDisposable {
  /** Where it listens, HOST:PORT. */
  address: string;
  /** The collector's own certificate, for another port that shows it: both PEM. */
  ownTls: () => { key: string; cert: string };
}

/** It listens when this resolves. */
export async function startGrpc(parts: GrpcParts): Promise<RunningGrpc> {
  const { config, store, fleet, authorities, identity, sessions, access, pipeline, reports, nowMs, log, failed } =
    parts;
  const nowUs = () => nowMs() * 1000;
  await using stack = new AsyncDisposableStack();
  const peers = new Peers();
  fleet.onRevoked((agentId) => cutOffRevoked(agentId, { peers, sessions }));
  const consoles = new ConsolesSeen({ store, nowUs, failed });
  const credentials = credentialsOf(parts);
  const server = stack.use(
    await CollectorServer.start({
      ...parseListen(config.listen)!,
      credentials: credentials(),
      nowMs,
      lookup: (id, keyId) => {
        const agent = fleet.agent(id);
        return agent && { revokedAtUs: agent.revokedAtUs, standing: fleet.standing(id, keyId) };
      },
      refused: (code, address, agentId) => {
        parts.handshakes.count(code);
        log.debug({ code, address }, 'connection refused');
        if (code === 'key_superseded' && agentId) reports.keySuperseded(agentId, address);
      },
      peers,
      accepted: ({ identity: peer }) => {
        if (peer?.kind === 'console') consoles.came(peer);
      },
      users: {
        without: config.console.access,
        identify: (token) => access.identify(token),
        holds: (caller) => access.goesOn(caller),
        roleOf: ({ userId }) => access.users.get(userId)?.role ?? '',
      },
      changed: parts.changed,
      failed,
      renewal: (console) => consoleRenewal(console, { newestCa: authorities.newest.fingerprint, nowMs: nowMs() }),
      oversized: (agentId) => {
        const refusal = { code: 'frame_oversized', message: 'a message beyond the limit of gRPC' } as const;
        pipeline.countRefusal(agentId, refusal).catch(failed);
      },
      services: services(parts, {
        peers,
        // Declared below: it tells this server of other certificates.
        care: { renewOwn: () => care.renewOwn(), forget: (agentId) => care.forget(agentId) },
      }),
    }),
  );
  const care = stack.use(
    new CertificateCare({
      fleet,
      authorities,
      identity,
      nowUs,
      order: (agentId, certificateOrder) => sessions.of(agentId)?.tell({ certificateOrder }) ?? false,
      connected: () => sessions.agents(),
      renewed: () => {
        log.info({ until: identity.certificate.validTo }, 'the certificate of the collector was renewed');
        server.use(credentials());
        parts.renewed();
      },
      failed,
    }),
  );
  const whole = stack.move();
  return {
    address: server.address,
    ownTls: () => ({ key: credentials().privateKey, cert: credentials().chains[0]!.certificateChain }),
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}

/** What the port shows, as certificates stand now: one chain for each CA that peers may ask for by name. */
function credentialsOf({ identity, authorities }: Pick<GrpcParts, 'identity' | 'authorities'>) {
  const privateKey = identity.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  return () => ({
    privateKey,
    ca: authorities.anchorsPem,
    chains: identity.certificates.map(({ certificate, ca }) => ({
      serverName: caServerName(keyId(ca.publicKey).toString('hex')),
      certificateChain: certificate.toString() + ca.toString(),
    })),
  });
}

/** What whoever connects may call, as far as its certificate and its user allow. */
function services(parts: GrpcParts, { peers, care }: Pick<ConsoleServicesParts, 'peers' | 'care'>) {
  const { config, nowMs } = parts;
  const graceUs = config.agents.expired_grace_days * 24 * 3_600_000_000;
  const clones = new CloneWatch({ nowMs });
  return [
    ...agentServices({ ...parts, peers, clones, care, graceUs, demo: config.demo }),
    ...consoleServices({ ...parts, peers, care, graceUs, loginRequired: config.console.access === 'user' }),
  ];
}
