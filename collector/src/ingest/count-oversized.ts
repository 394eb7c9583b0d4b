import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Peers } from './peers.ts';

/**
 * Tells of telemetry streams that gRPC itself ended because a message exceeded its limit. It decides that below every
 * handler and listener; the status it sends is the only trace.
 */
export function countOversized(peers: Peers, oversized: (agentId: string) => void): ServerInterceptor {
  return (method, call) => {
    if (method.path.startsWith('/threatguard.v1.Telemetry/')) {
      const agentId = peers.at(call.getPeer())?.identity?.id;
      const sendStatus = call.sendStatus.bind(call);
      call.sendStatus = (answer) => {
        if (agentId && answer.code === status.RESOURCE_EXHAUSTED) oversized(agentId);
        sendStatus(answer);
      };
    }
    return new ServerInterceptingCall(call);
  };
}
