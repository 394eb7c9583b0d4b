// Who belongs to the fleet. The store is the truth; this is its copy in memory, for the question asked at every connection.
//
// Invariants: every agent in the store is in #agents (loaded at start, added after addAgent committed);
// a revocation is committed before it is acted on, so no restart forgets it.
import type { AgentRecord, AuditActor, Store } from '../store/store.ts';

/** More names than this on one host name mean that something enrols in a loop. */
const NAME_SUFFIX_MAX = 10_000;
const NAME_CHARS_MAX = 64;

export class Fleet {
  readonly #store: Store;
  readonly #agents: Map<string, AgentRecord>;
  /** Taken although not stored yet: two hosts of one name never race for it. */
  readonly #namesBeingAdded = new Set<string>();
  readonly #revokedListeners = new Set<(agentId: string) => boolean>();

  private constructor(store: Store, agents: AgentRecord[]) {
    this.#store = store;
    this.#agents = new Map(agents.map((agent) => [agent.id, agent]));
  }

  static async load(store: Store): Promise<Fleet> {
    return new Fleet(store, await store.agents());
  }

  agent(id: string): AgentRecord | undefined {
    return this.#agents.get(id);
  }

  agents(): AgentRecord[] {
    return [...this.#agents.values()];
  }

  /** By id, or by the name of an agent that is not revoked, or of a revoked one where no other has it. */
  find(nameOrId: string): AgentRecord | undefined {
    const named = this.agents().filter((agent) => agent.name === nameOrId);
    return this.#agents.get(nameOrId) ?? named.find((agent) => agent.revokedAtUs === undefined) ?? named[0];
  }

  /** Stores a new agent under a name made of its host's; returns the agent as it was stored. */
  async add(agent: Omit<AgentRecord, 'name'>, hostName: string, by: AuditActor): Promise<AgentRecord> {
    const named = { ...agent, name: this.#uniqueName(hostName) };
    this.#namesBeingAdded.add(named.name);
    try {
      await this.#store.addAgent(named, by);
      this.#agents.set(named.id, named);
    } finally {
      this.#namesBeingAdded.delete(named.name);
    }
    return named;
  }

  /** What the last hello said; kept in memory and in the store. */
  async touch(id: string, seen: { atUs: number; version?: string; os?: string; kernel?: string }): Promise<void> {
    const agent = this.#agents.get(id);
    if (agent) {
      agent.lastSeenAtUs = seen.atUs;
      agent.version = seen.version ?? agent.version;
      agent.os = seen.os ?? agent.os;
      agent.kernel = seen.kernel ?? agent.kernel;
    }
    await this.#store.touchAgent(id, seen);
  }

  /** Resolves once revocation is committed and live streams are told to end; whether there was one. */
  async revoke(id: string, atUs: number, by: AuditActor): Promise<boolean> {
    await this.#store.revokeAgent(id, atUs, by);
    const agent = this.#agents.get(id);
    if (agent) agent.revokedAtUs ??= atUs;
    let ended = false;
    for (const end of this.#revokedListeners) ended = end(id) || ended;
    return ended;
  }

  /** `listener` ends what the agent has open and says whether there was something. */
  onRevoked(listener: (agentId: string) => boolean): void {
    this.#revokedListeners.add(listener);
  }

  /** The host's name, made safe for every place it will stand; "-2" and so on where another live agent has it. */
  #uniqueName(hostName: string): string {
    const taken = new Set(this.#namesBeingAdded);
    for (const agent of this.#agents.values()) if (agent.revokedAtUs === undefined) taken.add(agent.name);
    const safe =
      hostName
        .replaceAll(/[^A-Za-z0-9._-]/g, '-')
        .replace(/^[.-]+/, '')
        .slice(0, NAME_CHARS_MAX) || 'agent';
    if (!taken.has(safe)) return safe;
    for (let number = 2; number <= NAME_SUFFIX_MAX; number++) {
      if (!taken.has(`${safe}-${number}`)) return `${safe}-${number}`;
    }
    throw new RangeError(`more than ${NAME_SUFFIX_MAX} agents are called ${safe}; revoke some first`);
  }
}
