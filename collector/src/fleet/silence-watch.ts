// An agent that stops talking is either a dead host or a blinded one: both are news.
//
// Invariant: an agent is in #silent from the check that reported it until it is heard again, so it is reported once.

export interface WatchedAgent {
  id: string;
  connected: boolean;
  /** 0 where the agent was never seen: it cannot fall silent. */
  lastSeenAtUs: number;
}

export class SilenceWatch {
  readonly #silentAfterUs: number;
  readonly #startedAtUs: number;
  readonly #silent = new Set<string>();

  /** Nobody is silent before the collector itself has listened for `silentAfterUs`. */
  constructor(parts: { silentAfterUs: number; startedAtUs: number }) {
    this.#silentAfterUs = parts.silentAfterUs;
    this.#startedAtUs = parts.startedAtUs;
  }

  /** The agents that have become silent since the last check. */
  check<Agent extends WatchedAgent>(agents: readonly Agent[], nowUs: number): Agent[] {
    return agents.filter((agent) => {
      const silent =
        !agent.connected &&
        agent.lastSeenAtUs > 0 &&
        nowUs - Math.max(agent.lastSeenAtUs, this.#startedAtUs) >= this.#silentAfterUs;
      if (!silent) {
        this.#silent.delete(agent.id);
        return false;
      }
      if (this.#silent.has(agent.id)) return false;
      this.#silent.add(agent.id);
      return true;
    });
  }

  isSilent(agentId: string): boolean {
    return this.#silent.has(agentId);
  }
}
