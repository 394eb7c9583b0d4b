// How much goes into one commit of the large lane, on an engine that does one at a time. Small items wait for the end of
// the commit before theirs, so while there are any, large commits are kept short; otherwise they are as large as pays.
import { GROUP_BYTES_MAX } from './write-queue.ts';

/** Of a large commit while small items come, in milliseconds. */
const SHORT_COMMIT_MS = 40;
/** A few rows: below it the fixed cost of a commit is most of it. */
const SHORT_BYTES_MIN = 64 * 1024;
/** How long after a small item others are expected. */
const SMALL_EXPECTED_MS = 2_000;
/** Share of the newest measurement in the average. */
const NEWEST_WEIGHT = 0.3;

export class CommitPace {
  #msPerByte = 0;
  #smallAtMs = Number.NEGATIVE_INFINITY;

  /** A small item came. */
  small(nowMs: number): void {
    this.#smallAtMs = nowMs;
  }

  /** A large commit of so many bytes took so long. */
  committed(bytes: number, elapsedMs: number): void {
    const measured = elapsedMs / Math.max(1, bytes);
    this.#msPerByte =
      this.#msPerByte === 0 ? measured : this.#msPerByte * (1 - NEWEST_WEIGHT) + measured * NEWEST_WEIGHT;
  }

  bytesMax(nowMs: number): number {
    if (nowMs - this.#smallAtMs > SMALL_EXPECTED_MS || this.#msPerByte === 0) return GROUP_BYTES_MAX;
    return Math.min(GROUP_BYTES_MAX, Math.max(SHORT_BYTES_MIN, SHORT_COMMIT_MS / this.#msPerByte));
  }
}
