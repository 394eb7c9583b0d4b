const WINDOW_S = 60;

/** Events per second over the last minute. Form: one bucket per second, cleared when the second comes round again. */
export class RateMeter {
  readonly #counts = new Array<number>(WINDOW_S).fill(0);
  readonly #seconds = new Array<number>(WINDOW_S).fill(0);
  readonly #startedS: number;

  constructor(nowMs: number) {
    this.#startedS = Math.floor(nowMs / 1000);
  }

  add(count: number, nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    const bucket = second % WINDOW_S;
    if (this.#seconds[bucket] !== second) {
      this.#seconds[bucket] = second;
      this.#counts[bucket] = 0;
    }
    this.#counts[bucket] = this.#counts[bucket]! + count;
  }

  perSecond(nowMs: number): number {
    const now = Math.floor(nowMs / 1000);
    const sum = this.#counts.reduce((total, count, bucket) => {
      return this.#seconds[bucket]! > now - WINDOW_S ? total + count : total;
    }, 0);
    return sum / Math.min(WINDOW_S, Math.max(1, now - this.#startedS));
  }
}
