// Who belongs to the fleet. The store is the truth; this is its copy in memory, for the question asked at every connection.
//
// Invariants: every agent in the store is in #agents (loaded at start, added after addAgent committed);
// a revocation is committed before it is acted on, so no restart forgets it; so is every change of a certificate.

import type { AuditActor } from '../store/audit-entry.ts';
import type { AgentCertificate, AgentRecord, CertificateChange } from '../store/fleet-record.ts';
import type { Store } from '../store/store.ts';
import { AgentKeys, type KeyStanding, type SigningKey } from './agent-keys.ts';
import { changeLabels, type Labels } from './agent-labels.ts';

/** More names than this on one host name mean that something enrols in a loop. */
const NAME_SUFFIX_MAX = 10_000;
const NAME_CHARS_MAX = 64;
/** Agents whose certificates are read one by one; those of more with one statement for all there are. */
const ASKED_ALONE_MAX = 64;

export class Fleet {
  readonly #store: Store;
  readonly #agents: Map<string, AgentRecord>;
  readonly #keys: AgentKeys;
  /** Taken although not stored yet: two hosts of one name never race for it. */
  readonly #namesBeingAdded = new Set<string>();
  readonly #revokedListeners = new Set<(agentId: string) => boolean>();

  private constructor(store: Store, agents: AgentRecord[], keys: AgentKeys) {
    this.#store = store;
    this.#agents = new Map(agents.map((agent) => [agent.id, agent]));
    this.#keys = keys;
  }

  static async load(store: Store): Promise<Fleet> {
    return new Fleet(store, await store.agents(), new AgentKeys(await store.agentKeys()));
  }

  agent(id: string): AgentRecord | undefined {
    return this.#agents.get(id);
  }

  agents(): AgentRecord[] {
    return [...this.#agents.values()];
  }

  /** By id, or by the name of an agent that is not revoked, or of a revoked one where no other has it; removed ones last. */
  find(nameOrId: string): AgentRecord | undefined {
    const named = this.agents().filter((agent) => agent.name === nameOrId);
    const listed = named.filter((agent) => agent.removedAtUs === undefined);
    const found = listed.find((agent) => agent.revokedAtUs === undefined) ?? listed[0] ?? named[0];
    return this.#agents.get(nameOrId) ?? found;
  }

  /** What a key is to an agent; undefined where it is not one of his, or there is no such agent. */
  standing(agentId: string, keyId: string): KeyStanding | undefined {
    const agent = this.#agents.get(agentId);
    return agent && this.#keys.standing(agentId, keyId, agent.keyId);
  }

  /** Who has or had a key. */
  ownerOf(keyId: string): string | undefined {
    return this.#keys.ownerOf(keyId);
  }

  /** Keys that were granted to an agent and that it has not connected with yet. */
  grantedKeys(agent: AgentRecord): number {
    return this.#keys.grantedAfter(agent.id, agent.keyId);
  }

  /** All keys of an agent that had more than one. */
  signers(agentId: string): SigningKey[] {
    return this.#keys.signers(agentId);
  }

  /**
   * Stores a new agent under a name made of its host's; those it supersedes are revoked with it, and their names are free.
   * Returns the agent as it was stored.
   */
  async add(
    agent: Omit<AgentRecord, 'name' | 'labels' | 'removedAtUs'>,
    hostName: string,
    { by, supersedes = [] }: { by: AuditActor; supersedes?: readonly AgentRecord[] },
  ): Promise<AgentRecord> {
    const former = supersedes.map(({ id }) => id);
    // It is the same host again: what was said of it still holds.
    const labels: Labels = Object.assign({}, ...supersedes.map((each) => each.labels));
    const named = { ...agent, name: this.#uniqueName(hostName, former), labels, removedAtUs: undefined };
    this.#namesBeingAdded.add(named.name);
    try {
      await this.#store.addAgent(named, by, former);
      this.#agents.set(named.id, named);
      this.#keys.add({ agentId: named.id, keyId: named.keyId, certificate: named.certificate });
    } finally {
      this.#namesBeingAdded.delete(named.name);
    }
    for (const each of supersedes) {
      each.revokedAtUs ??= agent.enrolledAtUs;
      each.supersededBy = named.id;
      this.#endStreams(each.id);
    }
    return named;
  }

  /** Commits a change of certificate or key, then knows it. */
  async change(
    id: string,
    change: Pick<CertificateChange, 'action' | 'issued' | 'before' | 'after'> & { agent: Partial<AgentRecord> },
    { atUs, by }: { atUs: number; by?: AuditActor },
  ): Promise<void> {
    const agent = this.#agents.get(id);
    if (!agent) return;
    await this.#store.changeCertificate({ ...change, agent: { ...agent, ...change.agent } }, atUs, by);
    Object.assign(agent, change.agent);
    if (change.issued) this.#keys.add(change.issued);
  }

  certificatesOf(agentId: string): Promise<AgentCertificate[]> {
    return this.#store.certificatesOf(agentId);
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
    return this.#endStreams(id);
  }

  /** Resolves with all its labels once they are committed. Throws LabelError where one cannot be. */
  async label(
    agent: AgentRecord,
    change: { set: Labels; remove: readonly string[] },
    { atUs, by }: { atUs: number; by: AuditActor },
  ): Promise<Labels> {
    const before = agent.labels;
    // Known before it is committed, so that two changes at once are both kept.
    agent.labels = changeLabels(before, change);
    try {
      await this.#store.labelAgent(agent.id, agent.labels, atUs, by);
    } catch (error) {
      agent.labels = before;
      throw error;
    }
    return agent.labels;
  }

  /** Takes an agent off the list; revoked with it where it was not, and its streams end. */
  async remove(id: string, atUs: number, by: AuditActor): Promise<void> {
    await this.#store.removeAgent(id, atUs, by);
    const agent = this.#agents.get(id);
    if (agent) {
      agent.removedAtUs ??= atUs;
      agent.revokedAtUs ??= atUs;
    }
    this.#endStreams(id);
  }

  /** Takes in what other collectors of the store changed after a version of the topic `agents`; whom they revoked is cut off here. */
  async takeIn(after: number): Promise<void> {
    const changed = await this.#store.shared.agentsAfter(after);
    const certificates =
      changed.length <= ASKED_ALONE_MAX
        ? (await Promise.all(changed.map(({ id }) => this.#store.certificatesOf(id)))).flat()
        : await this.#store.agentKeys();
    for (const certificate of certificates) this.#keys.add(certificate);
    for (const stored of changed) {
      const known = this.#agents.get(stored.id);
      if (!known) {
        this.#agents.set(stored.id, stored);
        continue;
      }
      const { revokedAtUs, removedAtUs, lastSeenAtUs } = known;
      // Nothing takes these back, and what was read may be older than what this collector has said meanwhile.
      Object.assign(known, stored, {
        revokedAtUs: revokedAtUs ?? stored.revokedAtUs,
        removedAtUs: removedAtUs ?? stored.removedAtUs,
        lastSeenAtUs: Math.max(lastSeenAtUs, stored.lastSeenAtUs),
      });
      if (revokedAtUs === undefined && known.revokedAtUs !== undefined) this.#endStreams(known.id);
    }
  }

  /** Takes in when agents spoke to other collectors of the store. */
  async takeInSeen(sinceUs: number): Promise<void> {
    for (const { id, lastSeenAtUs } of await this.#store.shared.agentsSeen(sinceUs)) {
      const known = this.#agents.get(id);
      if (known) known.lastSeenAtUs = Math.max(known.lastSeenAtUs, lastSeenAtUs);
    }
  }

  #endStreams(id: string): boolean {
    let ended = false;
    for (const end of this.#revokedListeners) ended = end(id) || ended;
    return ended;
  }

  /** `listener` ends what the agent has open and says whether there was something. */
  onRevoked(listener: (agentId: string) => boolean): void {
    this.#revokedListeners.add(listener);
  }

  /** The name made of the host's; "-2" and so on where another live agent has it, other than `former`. */
  #uniqueName(hostName: string, former: readonly string[]): string {
    const taken = new Set(this.#namesBeingAdded);
    for (const { id, name, revokedAtUs } of this.#agents.values()) {
      if (revokedAtUs === undefined && !former.includes(id)) taken.add(name);
    }
    const safe = safeName(hostName);
    if (!taken.has(safe)) return safe;
    for (let number = 2; number <= NAME_SUFFIX_MAX; number++) {
      if (!taken.has(`${safe}-${number}`)) return `${safe}-${number}`;
    }
    throw new RangeError(`more than ${NAME_SUFFIX_MAX} agents are called ${safe}; revoke some first`);
  }
}

/** A host's name, made safe for every place it will stand. */
export function safeName(hostName: string): string {
  const safe = hostName.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[.-]+/, '');
  return safe.slice(0, NAME_CHARS_MAX) || 'agent';
}
