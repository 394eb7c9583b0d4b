// What is stored of epochs, as one collector has it in memory.
//
// Invariant: it is what the store has. A step is stored first; only then it is true here.

import type { AuditActor } from '../../store/audit-entry.ts';
import type {
  EpochChange,
  EpochState,
  EpochStore,
  KemKeyRecord,
  RotationRecord,
  RotationSchedule,
} from '../../store/epoch-store.ts';
import { EpochError } from './epoch-error.ts';
import { commonEpoch, isRunning } from './rotation-steps.ts';

export class EpochLedger {
  readonly #store: Pick<EpochStore, 'change'>;
  readonly #nowUs: () => number;
  #records: KemKeyRecord[];
  #rotation: RotationRecord | undefined;
  #schedule: RotationSchedule | undefined;

  constructor(
    { keys, rotation, schedule }: Omit<EpochState, 'agents'>,
    parts: { store: Pick<EpochStore, 'change'>; nowUs: () => number },
  ) {
    this.#store = parts.store;
    this.#nowUs = parts.nowUs;
    this.#records = keys;
    this.#rotation = rotation;
    this.#schedule = schedule;
  }

  /** Newest first. */
  get records(): readonly KemKeyRecord[] {
    return this.#records;
  }

  /** The running one, or the last. */
  get rotation(): RotationRecord | undefined {
    return this.#rotation;
  }

  get schedule(): RotationSchedule | undefined {
    return this.#schedule;
  }

  /** What a new agent is told. */
  get epoch(): number {
    return commonEpoch(this.#records, this.#rotation);
  }

  find(epoch: number): KemKeyRecord | undefined {
    return this.#records.find((each) => each.epoch === epoch);
  }

  /** Epochs below this one whose key is not gone. */
  olderThan(epoch: number): KemKeyRecord[] {
    return this.#records.filter((each) => each.epoch < epoch && each.state !== 'destroyed');
  }

  /** Compromised ones that wait for the last agent. */
  get refused(): number[] {
    return this.#records.flatMap(({ epoch, state }) => (state === 'refused' ? [epoch] : []));
  }

  /** Throws EpochError `no_rotation`. */
  running(): RotationRecord {
    if (isRunning(this.#rotation)) return this.#rotation;
    throw new EpochError('no_rotation', 'no rotation is running; "threatguard keys rotate" begins one');
  }

  /** Whether this agent is to hear of the running rotation. */
  isTold(agentId: string): boolean {
    const rotation = this.#rotation;
    if (!isRunning(rotation) || rotation.paused) return false;
    return rotation.phase !== 'canary' || rotation.canaryAgents.includes(agentId);
  }

  async change(change: Omit<EpochChange, 'atUs'>, by: AuditActor): Promise<void> {
    await this.#store.change({ atUs: this.#nowUs(), ...change }, by);
    const changed = new Map((change.keys ?? []).map((key) => [key.epoch, key]));
    const kept = this.#records.filter(({ epoch }) => !changed.has(epoch));
    this.#records = [...kept, ...changed.values()].sort((a, b) => b.epoch - a.epoch);
    if (change.rotation) this.#rotation = change.rotation;
    if (change.schedule !== undefined) this.#schedule = change.schedule ?? undefined;
  }
}
