import type { Peers } from './peers.ts';
import type { Sessions } from './sessions.ts';

/** A refusal reaches the agent before its connection is cut. */
const LINGER_MS = 200;

/** Ends all that an agent has open now that it is revoked. Returns whether it had anything. */
export function cutOffRevoked(agentId: string, { peers, sessions }: { peers: Peers; sessions: Sessions }): boolean {
  const open = peers.ofAgent(agentId);
  sessions.of(agentId)?.refuseAndEnd('agent_revoked', 'this agent was revoked; enrol it again to bring it back');
  setTimeout(() => {
    for (const { socket } of open) socket.destroy();
  }, LINGER_MS);
  return open.length > 0;
}
