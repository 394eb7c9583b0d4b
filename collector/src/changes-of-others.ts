// What other collectors of the same store change while this one has it in memory.
//
// The store counts its changes by topic (store/shared-store.ts). This looks every LOOK_MS, and at once when another collector
// says over NATS that there is something; whoever follows a topic then reads from the store what it is. A notice says nothing
// but "look": who may write to NATS makes a collector read its store, at most once at a time, and nothing else.
//
// Invariant: #known is the version of each topic all of which is in memory. A topic that could not be taken in stays behind
// and is tried again at the next look.
import type { SharedStateStore, SharedTopic } from './store/shared-store.ts';
import { StoreError } from './store/store-error.ts';

/** What was revoked at one collector is so at the others within this and a read. */
const LOOK_MS = 1_000;

type Follower = (after: number) => Promise<void>;

export interface ChangesOfOthersParts {
  store: Pick<SharedStateStore, 'versions'>;
  /** Tells other collectors to look. */
  tell: () => void;
  failed: (error: unknown) => void;
}

export class ChangesOfOthers implements AsyncDisposable {
  readonly #parts: ChangesOfOthersParts;
  readonly #known: Map<SharedTopic, number>;
  readonly #followers = new Map<SharedTopic, Follower>();
  readonly #taking = new Map<SharedTopic, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  private constructor(parts: ChangesOfOthersParts, known: ReadonlyMap<SharedTopic, number>) {
    this.#parts = parts;
    this.#known = new Map(known);
  }

  /** Before anything is read from the store: what is read afterwards is at least as new as the versions known here. */
  static async open(parts: ChangesOfOthersParts): Promise<ChangesOfOthers> {
    return new ChangesOfOthers(parts, await parts.store.versions());
  }

  /** `take` brings into memory what changed after a version of a topic; where it rejects it is asked again. */
  follow(topic: SharedTopic, take: Follower): void {
    this.#followers.set(topic, take);
  }

  /** Looks from now on. */
  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_MS).unref();
  }

  /** Never rejects. A topic that takes long holds up no other. `heard` from another collector, who has told all others. */
  look({ heard = false } = {}): Promise<void> {
    this.#again = this.#looking !== undefined;
    this.#looking ??= this.#lookAround(heard).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#looking;
    await Promise.all(this.#taking.values());
  }

  async #lookAround(heard: boolean): Promise<void> {
    const { store, tell, failed } = this.#parts;
    try {
      do {
        this.#again = false;
        const versions = await store.versions();
        const found = [...versions].filter(([topic, version]) => {
          return version > (this.#known.get(topic) ?? 0) && !this.#taking.has(topic);
        });
        if (found.length > 0 && !heard) tell();
        for (const [topic, version] of found) this.#taking.set(topic, this.#take(topic, version));
      } while (this.#again && !this.#stopped);
    } catch (error) {
      // Health says that the store is away.
      if (!(error instanceof StoreError)) failed(error);
    }
  }

  async #take(topic: SharedTopic, version: number): Promise<void> {
    try {
      await this.#followers.get(topic)?.(this.#known.get(topic) ?? 0);
      this.#known.set(topic, version);
    } catch (error) {
      this.#parts.failed(error);
    } finally {
      this.#taking.delete(topic);
    }
  }
}
