import type { TrainingProgress } from '@threatguard/proto';
import { printable } from '../../model/printable.ts';

/** How often a terminal is told, and how often a log. */
const TERMINAL_MS = 100;
const LOG_MS = 10_000;
const BAR_COLUMNS = 24;

/** Says on stderr how far a training is: a bar on one line of a terminal, a line now and then in a log. */
export class TrainingBar implements Disposable {
  readonly #out: NodeJS.WritableStream & { isTTY?: boolean };
  readonly #nowMs: () => number;
  #saidAtMs = Number.NEGATIVE_INFINITY;
  #phase = '';
  #shown = false;

  constructor(out: NodeJS.WritableStream & { isTTY?: boolean }, nowMs: () => number) {
    this.#out = out;
    this.#nowMs = nowMs;
  }

  take({ model, phase, done, total }: TrainingProgress): void {
    const nowMs = this.#nowMs();
    const step = `${model} ${phase}`;
    if (step === this.#phase && nowMs - this.#saidAtMs < (this.#out.isTTY ? TERMINAL_MS : LOG_MS)) return;
    this.#phase = step;
    this.#saidAtMs = nowMs;
    const text = printable(`${(model ?? '').padEnd(22)} ${(phase ?? '').padEnd(11)} ${bar(done ?? 0, total ?? 0)}`);
    // To the end of the line: what stood there may have been longer (ECMA-48, EL).
    this.#out.write(this.#out.isTTY ? `\r${text}\x1b[K` : `${text}\n`);
    this.#shown = true;
  }

  /** Leaves the line to what comes after. */
  [Symbol.dispose](): void {
    if (this.#shown && this.#out.isTTY) this.#out.write('\n');
  }
}

function bar(done: number, total: number): string {
  if (total <= 0) return '';
  const share = Math.min(1, done / total);
  const full = Math.round(share * BAR_COLUMNS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_COLUMNS - full)}] ${Math.floor(share * 100)} %`;
}
