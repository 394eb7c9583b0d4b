// Behaviour in a running collector: continued from the store at start, kept there as it goes on.
//
// Invariant: a checkpoint is stored after everything it was learned from. What was observed before it is waited for; where some
// of that is rejected meanwhile, the checkpoint is given up, and the next one tries again. It is written in slices and stored in one
// transaction when all are there: until then the store has the one before.
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { Detection, StoredEvent } from '@threatguard/proto';
import type { BehaviourStore } from '../../store/behaviour-store.ts';
import { Turns } from '../../turns.ts';
import { Behaviour, type BehaviourOptions } from './behaviour.ts';
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { HourGathering, packHours } from './hour-rows.ts';
import { type Observations, observe } from './observations.ts';
import { packSequences, SequenceGathering } from './sequences/gathering.ts';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);
/** What a crash costs: so much is learned again at the next start. */
const CHECKPOINT_MS = 5 * 60_000;
/** How far back a store without a checkpoint is learned from, and how many events a start may take: some 20 s. */
const HISTORY_US = 30 * 86_400_000_000;
const REPLAY_EVENTS_MAX = 1_000_000;

export interface KeeperParts {
  store: BehaviourStore;
  options: Omit<BehaviourOptions, 'closed' | 'pieceEnded'>;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

export class BehaviourKeeper implements AsyncDisposable {
  readonly behaviour: Behaviour;
  readonly hours = new HourGathering();
  readonly sequences = new SequenceGathering();
  readonly #parts: KeeperParts;
  /** Commits of what was observed. */
  #pending = new Set<Promise<unknown>>();
  #lost = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #turns = new Turns();

  private constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.behaviour = new Behaviour({
      ...parts.options,
      closed: (profile) => this.hours.add(profile),
      pieceEnded: (profile, family, tokens) => this.sequences.add(profile, family, tokens),
    });
  }

  /** Resolves when it knows what the store has; `learned` says how many events that took. */
  static async start(parts: KeeperParts): Promise<{ keeper: BehaviourKeeper; learned: number }> {
    const keeper = new BehaviourKeeper(parts);
    const learned = await keeper.#continue();
    keeper.#timer = setInterval(() => void keeper.checkpoint().catch(parts.failed), CHECKPOINT_MS);
    keeper.#timer.unref();
    return { keeper, learned };
  }

  observe(observations: Observations): Detection[] {
    return this.behaviour.observe(observations);
  }

  /** Told of the commit of each envelope that was observed. */
  track(committed: Promise<unknown>): void {
    this.#pending.add(committed);
    committed.then(
      () => this.#pending.delete(committed),
      () => {
        // The agent is told, and sends it again or drops it: what it taught cannot be taken back.
        this.#lost = true;
        this.#pending.delete(committed);
      },
    );
  }

  /** Stores what is known now. One at a time. */
  checkpoint(): Promise<void> {
    return this.#turns.next(() => this.#save());
  }

  /** With a last checkpoint. Safe twice. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    try {
      await this.checkpoint();
    } catch (error) {
      this.#parts.failed(error);
    }
  }

  async #save(): Promise<void> {
    const taken = this.hours.take();
    const takenSequences = this.sequences.take();
    const giveBack = () => {
      this.hours.giveBack(taken);
      this.sequences.giveBack(takenSequences);
    };
    try {
      this.#lost = false;
      const before = [...this.#pending];
      const packed: Uint8Array[] = [];
      for (const part of writeCheckpoint(this.behaviour)) {
        packed.push(await compress(part));
        // Whoever came meanwhile has a turn.
        await setImmediate();
      }
      await Promise.allSettled(before);
      if (this.#lost) {
        giveBack();
        return;
      }
      const hours = await Promise.all(taken.map(packHours));
      const { words } = this.behaviour.sequences;
      const sequences = await Promise.all(takenSequences.map((each) => packSequences(each, words)));
      await this.#parts.store.save({ atUs: this.#parts.nowUs(), parts: packed, hours, sequences });
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** What was said of these events was said when they came. */
  async #continue(): Promise<number> {
    const { store, nowUs } = this.#parts;
    const saved = await Promise.all((await store.load()).map((part) => decompress(part)));
    readCheckpoint(this.behaviour, saved);
    const limits = { sinceUs: nowUs() - HISTORY_US, eventsMax: REPLAY_EVENTS_MAX };
    let learned = 0;
    for await (const events of store.eventsAfter(this.behaviour.positions, limits)) {
      this.behaviour.observe(observeStored(events));
      learned += events.length;
    }
    return learned;
  }
}

/** The events of one envelope as they came. */
function observeStored(events: readonly StoredEvent[]): Observations {
  const [{ reference, agentName }] = events as [StoredEvent];
  return observe({
    agentId: reference?.agentId ?? '',
    agentName: agentName ?? '',
    header: { streamId: reference?.streamId ?? new Uint8Array(), sequence: reference?.sequence ?? 0 },
    events: events.map(({ event }) => event ?? {}),
    eventTimesUs: Float64Array.from(events, ({ eventAtUs }) => eventAtUs ?? 0),
  });
}
