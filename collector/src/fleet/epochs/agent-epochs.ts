// What each agent proved of epochs: its newest signed confirmation, and what its heartbeats say it still holds.
//
// Form: #stored is what the store has, and the only ground on which a key is destroyed; #pending is newer and on its way
// there, many agents in one statement. Invariant: an agent's epoch never falls; what speaks against it sets `contradicted`.
import { type ConfirmedEpoch, type EpochConfirmation, type Heartbeat, RefusalError, sha256 } from '@threatguard/proto';
import type { AgentEpochRecord, AgentEpochUpdate, EpochStore } from '../../store/epoch-store.ts';

/** Confirmations of a fleet come together: those of this long are one statement. */
const GROUP_MS = 50;
const GROUP_RECORDS_MAX = 1_000;
/** The store did not answer; agents say what they hold with every heartbeat anyway. */
const RETRY_MS = 1_000;

export interface AgentEpochsParts {
  store: Pick<EpochStore, 'saveAgents'>;
  /** Of an epoch whose envelopes are taken; undefined for any other. */
  publicKeySha256: (epoch: number) => Uint8Array | undefined;
  nowUs: () => number;
  /** Something was stored that a rotation may wait for. */
  changed: () => void;
  contradicted: (record: AgentEpochRecord) => void;
  failed: (error: unknown) => void;
}

export class AgentEpochs implements AsyncDisposable {
  readonly #parts: AgentEpochsParts;
  readonly #stored: Map<string, AgentEpochRecord>;
  readonly #pending = new Map<string, AgentEpochUpdate>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(records: readonly AgentEpochRecord[], parts: AgentEpochsParts) {
    this.#parts = parts;
    this.#stored = new Map(records.map((record) => [record.agentId, record]));
  }

  /** As it is stored. */
  of(agentId: string): AgentEpochRecord | undefined {
    return this.#stored.get(agentId);
  }

  /** A confirmation whose signature was verified. Throws RefusalError `confirmation_refused`. */
  confirm(agentId: string, confirmed: ConfirmedEpoch, confirmation: EpochConfirmation): void {
    const { epoch, confirmedAtUs, oldestSpooledEpoch } = confirmed;
    const known = this.#newest(agentId);
    if (known && epoch < known.epoch) {
      // Old bytes again prove nothing; new ones say that somebody with this key is behind what it had proved.
      if (confirmedAtUs > known.confirmedAtUs) this.#contradict(known);
      throw new RefusalError('confirmation_refused', `this agent has confirmed epoch ${known.epoch} before`);
    }
    const expected = this.#parts.publicKeySha256(epoch);
    if (!expected || Buffer.compare(expected, confirmed.publicKeySha256) !== 0) {
      throw new RefusalError('confirmation_refused', `not the key that was announced for epoch ${epoch}`);
    }
    if (known?.epoch === epoch) {
      // The same bytes again, or older ones, must not bring back what the spool held then.
      if (confirmedAtUs > known.confirmedAtUs) this.#holds(known, oldestSpooledEpoch);
      return;
    }
    const body = Uint8Array.from(confirmation.body ?? []);
    const signature = Uint8Array.from(confirmation.signature ?? []);
    this.#put({
      agentId,
      epoch,
      confirmedAtUs,
      receivedAtUs: this.#parts.nowUs(),
      confirmationSha256: sha256(Buffer.concat([body, signature])),
      confirmation: { body, signature },
      oldestSpooledEpoch,
      contradicted: false,
    });
  }

  /** What a heartbeat says; nothing of an agent that never confirmed, or does not speak of epochs. */
  heard(agentId: string, { sealingEpoch, oldestSpooledEpoch }: Heartbeat): void {
    const known = this.#newest(agentId);
    if (!known || !sealingEpoch) return;
    if (sealingEpoch < known.epoch) this.#contradict(known);
    else this.#holds(known, oldestSpooledEpoch ?? 0);
  }

  #holds(known: AgentEpochRecord, oldestSpooledEpoch: number): void {
    const proved = known.oldestSpooledEpoch || known.epoch;
    if (oldestSpooledEpoch > 0 && oldestSpooledEpoch < proved) this.#contradict({ ...known, oldestSpooledEpoch });
    else if (oldestSpooledEpoch !== known.oldestSpooledEpoch) this.#put({ ...known, oldestSpooledEpoch });
  }

  #contradict(known: AgentEpochRecord): void {
    if (known.contradicted) return;
    const record = { ...known, contradicted: true };
    this.#put(record);
    this.#parts.contradicted(record);
  }

  #newest(agentId: string): AgentEpochUpdate | undefined {
    return this.#pending.get(agentId) ?? this.#stored.get(agentId);
  }

  #put(record: AgentEpochUpdate): void {
    this.#pending.set(record.agentId, record);
    this.#schedule(GROUP_MS);
  }

  #schedule(afterMs: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    }, afterMs);
  }

  async #write(): Promise<void> {
    const group = [...this.#pending.values()].slice(0, GROUP_RECORDS_MAX);
    try {
      await this.#parts.store.saveAgents(group);
    } catch (error) {
      this.#parts.failed(error);
      return this.#schedule(RETRY_MS);
    }
    for (const record of group) {
      const { confirmation: _, ...stored } = record;
      this.#stored.set(record.agentId, stored);
      if (this.#pending.get(record.agentId) === record) this.#pending.delete(record.agentId);
    }
    if (this.#pending.size > 0) this.#schedule(0);
    if (group.length > 0) this.#parts.changed();
  }

  /** Stores what is on its way; what the store does not take, agents say again. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    if (this.#pending.size > 0) await this.#write();
  }
}
