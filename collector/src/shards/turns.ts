// Who may use a shard next. Envelopes are handed to its thread a few at a time, so that the thread never waits for the
// next one and a small one, which is cheap and may be urgent, never waits for many large ones.
//
// Form: #small and #large wait in order of arrival; #smallOut and #largeOut say how many are with the thread. Each session
// waits for one turn at a time, so turns go round between agents.
import { SMALL_ENVELOPE_BYTES_MAX } from '../batch.ts';

const SMALL_OUT_MAX = 16;
/** One at work and one to follow. */
const LARGE_OUT_MAX = 2;

export class Turns {
  readonly #small: (() => void)[] = [];
  readonly #large: (() => void)[] = [];
  #smallOut = 0;
  #largeOut = 0;

  /** Whether a small envelope would have its turn at once. */
  get hasSmallTurn(): boolean {
    return this.#smallOut < SMALL_OUT_MAX;
  }

  /** Resolves when it is this envelope's turn, which lasts until it is disposed. */
  async next(bytes: number): Promise<Disposable> {
    const small = bytes <= SMALL_ENVELOPE_BYTES_MAX;
    await new Promise<void>((begin) => {
      (small ? this.#small : this.#large).push(begin);
      this.#begin();
    });
    return {
      [Symbol.dispose]: () => {
        if (small) this.#smallOut -= 1;
        else this.#largeOut -= 1;
        this.#begin();
      },
    };
  }

  #begin(): void {
    while (this.#smallOut < SMALL_OUT_MAX && this.#small.length > 0) {
      this.#smallOut += 1;
      this.#small.shift()!();
    }
    while (this.#largeOut < LARGE_OUT_MAX && this.#large.length > 0) {
      this.#largeOut += 1;
      this.#large.shift()!();
    }
  }
}
