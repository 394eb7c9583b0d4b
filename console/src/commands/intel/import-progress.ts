/** How often a terminal is told, and how often a log. */
const TERMINAL_MS = 200;
const LOG_MS = 10_000;

/** Says on stderr how far an import is: on one line of a terminal, now and then in a log. */
export class ImportProgress implements Disposable {
  readonly #out: NodeJS.WritableStream & { isTTY?: boolean };
  readonly #nowMs: () => number;
  #saidAtMs: number;
  #stage = '';
  #shown = false;

  constructor(out: NodeJS.WritableStream & { isTTY?: boolean }, nowMs: () => number) {
    this.#out = out;
    this.#nowMs = nowMs;
    this.#saidAtMs = nowMs();
  }

  take(stage: string, bytes: number): void {
    const nowMs = this.#nowMs();
    const isNews = stage !== this.#stage && this.#out.isTTY;
    if (!isNews && nowMs - this.#saidAtMs < (this.#out.isTTY ? TERMINAL_MS : LOG_MS)) return;
    this.#stage = stage;
    this.#saidAtMs = nowMs;
    const size = `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    const text = stage === 'sending' ? `${size} sent` : `${size} sent, the collector is reading them`;
    this.#out.write(this.#out.isTTY ? `\r${text}` : `${text}\n`);
    this.#shown = true;
  }

  /** Leaves the line to what comes after. */
  [Symbol.dispose](): void {
    if (this.#shown && this.#out.isTTY) this.#out.write('\n');
    this.#shown = false;
  }
}
