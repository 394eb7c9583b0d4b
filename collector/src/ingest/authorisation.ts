// Who may call what. The only place that decides it; handlers are reached by those who may.
import {
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js';
import { type PeerName, RENEW_METADATA } from '@threatguard/proto';
import { type AgentLookup, type Peer, type PeerIdentity, type Peers, refuseAgent } from './peers.ts';

/** What the caller of each service must be. Enrolment is for those who are nothing yet. */
const REQUIRED: Record<string, PeerName['kind'] | 'anyone'> = {
  'threatguard.v1.Telemetry': 'agent',
  'threatguard.v1.Console': 'console',
  'threatguard.v1.Enrolment': 'anyone',
  'threatguard.v1.Crypto': 'console',
  'threatguard.v1.Keys': 'console',
  'threatguard.v1.Evidence': 'console',
  'threatguard.v1.Models': 'console',
  'threatguard.v1.Certificates': 'console',
  'threatguard.v1.Compliance': 'console',
  'threatguard.v1.Triage': 'console',
  'threatguard.v1.Hunt': 'console',
  'threatguard.v1.Users': 'console',
  'threatguard.v1.Intel': 'console',
  'threatguard.v1.Exceptions': 'console',
  'threatguard.v1.Rules': 'console',
};

interface AccessRefusal {
  code: status;
  details: string;
}

/** Undefined where `peer` may call the method with this path; what to answer otherwise. */
function refuseCall(path: string, peer: Peer | undefined, lookup: AgentLookup): AccessRefusal | undefined {
  const required = REQUIRED[path.split('/')[1] ?? ''];
  if (!required) return { code: status.UNIMPLEMENTED, details: 'there is no such service' };
  if (!peer) return { code: status.UNAUTHENTICATED, details: 'the connection is gone' };
  if (required === 'anyone') return undefined;
  if (peer.expired) {
    return {
      code: status.UNAUTHENTICATED,
      details: 'the certificate of this agent has expired; it is to ask for another',
    };
  }
  if (!peer.identity) {
    return { code: status.UNAUTHENTICATED, details: `this service needs the certificate of an enrolled ${required}` };
  }
  const refused = refuseAgent(peer.identity, lookup);
  if (refused) return { code: status.PERMISSION_DENIED, details: refused };
  if (peer.identity.kind !== required) {
    return {
      code: status.PERMISSION_DENIED,
      details: `this service is for a certificate of kind ${required}, not ${peer.identity.kind}`,
    };
  }
  return undefined;
}

/** Applies `refuseCall` to every call of a server, and tells consoles that their certificate is to be renewed where `renewal` says why. */
export function authoriseCalls(
  peers: Peers,
  lookup: AgentLookup,
  renewal: (console: PeerIdentity) => string | undefined,
): ServerInterceptor {
  return (method, call) => {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const refusal = refuseCall(method.path, peers.at(call.getPeer()), lookup);
        if (refusal) call.sendStatus(refusal);
        else next(metadata);
      })
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendMetadata((metadata, next) => {
        const identity = peers.at(call.getPeer())?.identity;
        const wanted = identity?.kind === 'console' ? renewal(identity) : undefined;
        if (wanted) metadata.set(RENEW_METADATA, wanted);
        next(metadata);
      })
      .build();
    return new ServerInterceptingCall(call, responder);
  };
}
