import type { EvidenceChunk } from '@threatguard/proto';
import { printable } from '../../model/printable.ts';

/** How often a terminal is told, and how often a log. */
const TERMINAL_MS = 200;
const LOG_MS = 10_000;

/** Says on stderr how far an export is: on one line of a terminal, now and then in a log. */
export class ExportProgress implements Disposable {
  envelopes = 0;
  notice = '';
  readonly #out: NodeJS.WritableStream & { isTTY?: boolean };
  readonly #nowMs: () => number;
  #saidAtMs: number;
  #bytes = 0;
  #shown = false;

  constructor(out: NodeJS.WritableStream & { isTTY?: boolean }, nowMs: () => number) {
    this.#out = out;
    this.#nowMs = nowMs;
    this.#saidAtMs = nowMs();
  }

  take({ data, envelopesWritten, envelopes, notice }: EvidenceChunk): void {
    this.#bytes += data?.length ?? 0;
    this.envelopes = envelopesWritten ?? 0;
    if (notice) this.notice = printable(notice);
    const nowMs = this.#nowMs();
    if (nowMs - this.#saidAtMs < (this.#out.isTTY ? TERMINAL_MS : LOG_MS)) return;
    this.#saidAtMs = nowMs;
    const text = `${this.envelopes} of ${envelopes ?? 0} envelopes, ${(this.#bytes / 2 ** 20).toFixed(1)} MiB`;
    this.#out.write(this.#out.isTTY ? `\r${text}` : `${text}\n`);
    this.#shown = true;
  }

  /** Leaves the line to what comes after. */
  [Symbol.dispose](): void {
    if (this.#shown && this.#out.isTTY) this.#out.write('\n');
  }
}
