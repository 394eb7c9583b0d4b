// What was asked of Redis and how it went, counted where it is asked.
import { RateMeter } from '../api/rate-meter.ts';

const ERROR_CHARS_MAX = 300;

export class LinkFigures {
  /** Commands that were sent: each ends as answered, refused, timed out or cut off. */
  operations = 0;
  answered = 0;
  /** Answered with an error, or cut off with the connection. */
  refused = 0;
  timeouts = 0;
  /** Not sent, because there was no connection or no answer at that moment. */
  skipped = 0;
  connectionErrors = 0;
  lastError: string | undefined;
  #answeredMs = 0;
  readonly #rate: RateMeter;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#rate = new RateMeter(nowMs());
  }

  sent(): void {
    this.operations++;
    this.#rate.add(1, this.#nowMs());
  }

  wasAnswered(ms: number): void {
    this.answered++;
    this.#answeredMs += ms;
  }

  failed(error: unknown): void {
    const text = error instanceof Error ? error.message || error.name : String(error);
    this.lastError = text.slice(0, ERROR_CHARS_MAX);
  }

  /** Of answered ones; undefined where there was none. */
  get latencyMsAverage(): number | undefined {
    return this.answered > 0 ? this.#answeredMs / this.answered : undefined;
  }

  /** Over the last minute. */
  get operationsPerSecond(): number {
    return this.#rate.perSecond(this.#nowMs());
  }

  get errorRate(): number {
    return this.operations > 0 ? (this.refused + this.timeouts) / this.operations : 0;
  }
}
