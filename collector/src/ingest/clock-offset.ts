/**
 * Our clock minus a host's, as far as messages of one way show it: none takes less than no time, and any may take long.
 * So the difference lies between two bounds (the interval of RFC 5905's clock filter, without its guess that both ways take
 * as long), and the one nearest to none is taken: a slow network or a busy host never moves an event.
 */
export class ClockOffset {
  #leastUs = Number.NEGATIVE_INFINITY;
  #mostUs = Number.POSITIVE_INFINITY;

  /** A message came: when it was sent by the host's clock, when it arrived by ours. */
  came(sentAtUs: number, arrivedAtUs: number): void {
    const mostUs = arrivedAtUs - sentAtUs;
    // The host's clock was set meanwhile.
    if (mostUs < this.#leastUs) this.#leastUs = Number.NEGATIVE_INFINITY;
    this.#mostUs = Math.min(this.#mostUs, mostUs);
  }

  /** A message of ours went: our clock when it was sent minus the host's when it was read, as the host says. */
  went(leastUs: number): void {
    // What contradicts is no clock: it counts for nothing, and the host moves nothing but its own events.
    if (leastUs <= this.#mostUs) this.#leastUs = Math.max(this.#leastUs, leastUs);
  }

  /** Microseconds; 0 until something shows a difference. */
  get us(): number {
    return Math.min(Math.max(0, this.#leastUs), this.#mostUs);
  }
}
