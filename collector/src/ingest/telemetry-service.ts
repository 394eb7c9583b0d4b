import { type handleBidiStreamingCall, status } from '@grpc/grpc-js';
import type {
  CertificateAnswer,
  CertificateRequest,
  CollectorFrame,
  EpochConfirmation,
  Hello,
  KemKey,
  RefusalCode,
  StreamPosition,
  TrustAnchors,
} from '@threatguard/proto';
import { type FindDigest, StreamChain } from './admission.ts';
import type { InboundFrame } from './frames.ts';
import type { PeerIdentity, Peers } from './peers.ts';
import { type Beat, Session, type SessionParts } from './session.ts';
import type { Sessions } from './sessions.ts';

export interface TelemetryParts {
  peers: Peers;
  sessions: Sessions;
  kemKey: (agentId: string) => KemKey;
  trustAnchors: () => TrustAnchors;
  judgeHost: (agentId: string, hello: Hello, address: string) => Promise<string | undefined>;
  presented: (identity: PeerIdentity) => Promise<void>;
  certify: (identity: PeerIdentity, address: string, request: CertificateRequest) => Promise<CertificateAnswer>;
  nowUs: () => number;
  agentName: (agentId: string) => string;
  positions: (agentId: string) => Promise<StreamPosition[]>;
  findDigest: (agentId: string, ...where: Parameters<FindDigest>) => ReturnType<FindDigest>;
  receive: SessionParts['receive'];
  refused: (agentId: string, refusal: { code: RefusalCode; message: string }) => Promise<unknown>;
  opened: (agent: { id: string; address: string }, hello: Hello, clockOffsetUs: number) => void;
  heard: (agentId: string, beat?: Beat) => void;
  confirmed: (identity: PeerIdentity, confirmation: EpochConfirmation) => Promise<void>;
  closed: (agentId: string) => void;
  failed: (error: unknown) => void;
}

/** The Telemetry service: a session for every stream. Callers are agents that are not revoked: checked before. */
export function serveTelemetry(parts: TelemetryParts): handleBidiStreamingCall<InboundFrame, CollectorFrame> {
  return (call) => {
    const address = call.getPeer();
    const identity = parts.peers.at(address)?.identity;
    if (!identity) {
      call.emit('error', { code: status.UNAUTHENTICATED, details: 'the connection is gone' });
      return;
    }
    const agent = { id: identity.id, name: parts.agentName(identity.id) };
    const session: Session = new Session({
      call,
      agent,
      identity,
      kemKey: () => parts.kemKey(agent.id),
      trustAnchors: parts.trustAnchors,
      judgeHost: (hello) => parts.judgeHost(agent.id, hello, address),
      presented: () => parts.presented(identity),
      certify: (request) => parts.certify(identity, address, request),
      nowUs: parts.nowUs,
      loadChain: async () => {
        await parts.sessions.takeOver(agent.id, session);
        const positions = await parts.positions(agent.id);
        return new StreamChain({ positions, findDigest: (...where) => parts.findDigest(agent.id, ...where) });
      },
      receive: parts.receive,
      refused: (refusal) => parts.refused(agent.id, refusal),
      opened: (hello, clockOffsetUs) => parts.opened({ id: agent.id, address }, hello, clockOffsetUs),
      heard: (beat) => parts.heard(agent.id, beat),
      confirmed: (confirmation) => parts.confirmed(identity, confirmation),
      failed: parts.failed,
    });
    // Neither rejects: what goes wrong in a session ends that session.
    void session.run().then(async () => {
      if (parts.sessions.isNewest(agent.id, session)) parts.closed(agent.id);
      await parts.sessions.ended(agent.id, session);
    });
  };
}
