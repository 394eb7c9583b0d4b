// Shares the main thread. Processing an envelope takes milliseconds and never waits, so without this the backlog of all
// agents would run in one go, while the database has answered and stands idle, and a new frame is not even read.
//
// Form: #small and #large in order of arrival, #planned while the next turn is. Each session waits for one turn at a time, so
// turns go round between agents; and small envelopes, which are cheap and may be urgent, go before one large.

/** A few events. Such an envelope takes well below a millisecond, most of it to verify the signature. */
const SMALL_BYTES_MAX = 8 * 1024;
/** Small envelopes let through before the sockets are looked at again. */
const SMALL_ENVELOPES_MAX = 8;

export class Turns {
  readonly #small: (() => void)[] = [];
  readonly #large: (() => void)[] = [];
  #planned = false;

  /** Resolves when it is this envelope's turn, after the sockets were looked at. */
  next(bytes: number): Promise<void> {
    return new Promise((begin) => {
      (bytes <= SMALL_BYTES_MAX ? this.#small : this.#large).push(begin);
      this.#plan();
    });
  }

  #plan(): void {
    if (this.#planned || this.#small.length + this.#large.length === 0) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      for (const begin of this.#small.splice(0, SMALL_ENVELOPES_MAX)) begin();
      this.#large.shift()?.();
      this.#plan();
    });
  }
}
