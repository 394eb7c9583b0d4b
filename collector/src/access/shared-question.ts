/**
 * A question whose answer must be newer than its asking: one that is under way may be too old, so whoever asks meanwhile shares
 * the next. However many ask, one is under way and one waits.
 */
export class SharedQuestion<Answer> {
  readonly #put: () => Promise<Answer>;
  #asking: Promise<unknown> = Promise.resolve();
  #next: Promise<Answer> | undefined;

  /** `put` asks it, whenever it is called. */
  constructor(put: () => Promise<Answer>) {
    this.#put = put;
  }

  ask(): Promise<Answer> {
    this.#next ??= this.#asking.then(() => {
      this.#next = undefined;
      const answer = this.#put();
      // Whoever asked is told; the next only waits for the end of it.
      this.#asking = answer.catch(() => undefined);
      return answer;
    });
    return this.#next;
  }
}
