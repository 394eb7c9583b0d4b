// Who may call what. The only place that decides it; handlers are reached by those who may.
import {
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status,
} from '@grpc/grpc-js';
import { type PeerName, RENEW_METADATA } from '@threatguard/proto';
import type { Caller } from '../access/caller.ts';
import { noteUser } from './call-from.ts';
import { type AgentLookup, type Peer, type PeerIdentity, type Peers, refuseAgent } from './peers.ts';
import { scopeOfCall } from './rpc-scopes.ts';
import { admitCall, LOOK_MS, loginEnded, type UserCallsParts } from './user-calls.ts';

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
  'threatguard.v1.Login': 'console',
  'threatguard.v1.Intel': 'console',
  'threatguard.v1.Exceptions': 'console',
  'threatguard.v1.Rules': 'console',
};

export interface ConsoleAuthorisation {
  /** Why a console's certificate is to be renewed; undefined where it is not. */
  renewal: (console: PeerIdentity) => string | undefined;
  users: UserCallsParts;
  /** A call that may change something was answered. */
  changed: () => void;
  failed: (error: unknown) => void;
}

/** The services whose calls each have a scope. */
export function isForConsoles(path: string): boolean {
  return REQUIRED[path.split('/')[1] ?? ''] === 'console';
}

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

/**
 * Applies `refuseCall` to every call of a server, and what its user may to each of a console. Tells consoles that their
 * certificate is to be renewed where `renewal` says why. What goes on is ended when its user may not go on.
 */
export function authoriseCalls(
  peers: Peers,
  lookup: AgentLookup,
  { renewal, users, changed, failed }: ConsoleAuthorisation,
): ServerInterceptor {
  return (method, call) => {
    let looking: NodeJS.Timeout | undefined;
    const over = () => clearInterval(looking);
    const keepLooking = (user: Caller) => {
      looking = setInterval(() => {
        if (users.holds(user)) return;
        over();
        call.sendStatus(loginEnded());
      }, LOOK_MS).unref();
    };
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const peer = peers.at(call.getPeer());
        const refusal = refuseCall(method.path, peer, lookup);
        if (refusal) return call.sendStatus(refusal);
        if (peer?.identity?.kind !== 'console') return next(metadata);
        admitCall(method.path, metadata, users).then(
          (admitted) => {
            if ('refused' in admitted) return call.sendStatus(admitted.refused);
            const { user } = admitted;
            if (user) noteUser(metadata, user);
            if (user && method.responseStream) keepLooking(user);
            next(metadata);
          },
          (error) => {
            failed(error);
            call.sendStatus({ code: status.INTERNAL, details: 'the collector failed; its log says why' });
          },
        );
      })
      .withOnCancel(over)
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendMetadata((metadata, next) => {
        const identity = peers.at(call.getPeer())?.identity;
        const wanted = identity?.kind === 'console' ? renewal(identity) : undefined;
        if (wanted) metadata.set(RENEW_METADATA, wanted);
        next(metadata);
      })
      .withSendStatus((given, next) => {
        over();
        next(given);
        if (scopeOfCall(method.path)?.endsWith(':write')) changed();
      })
      .build();
    return new ServerInterceptingCall(call, responder);
  };
}
