/** Work that is done one after another, in the order it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does `work` once all before it has ended, however that ended: an error goes to whoever asked for what failed. */
  next<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work);
    this.#last = mine.catch(() => undefined);
    return mine;
  }

  /** Resolves when all that was asked for until now has ended. */
  async ended(): Promise<void> {
    await this.#last;
  }
}
