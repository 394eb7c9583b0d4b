// Says that envelopes of a stream went out under other headers than the spool has for them, so that after a restart the
// collector is believed where it says which header came last. Without the mark a header that is not ours means that
// somebody else speaks in this stream, and the collector is to see that.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'resealed';

export class ResealMark {
  readonly #path: string;
  #streamId: Buffer | undefined;

  constructor(directory: string) {
    this.#path = join(directory, NAME);
    try {
      this.#streamId = readFileSync(this.#path);
    } catch {
      this.#streamId = undefined; // no mark
    }
  }

  isOn(streamId: Uint8Array): boolean {
    return this.#streamId !== undefined && Buffer.compare(this.#streamId, streamId) === 0;
  }

  /** On disk before the first such envelope is sent. */
  set(streamId: Uint8Array): void {
    if (this.isOn(streamId)) return;
    writeFileSync(this.#path, streamId, { mode: 0o600, flush: true });
    this.#streamId = Buffer.from(streamId);
  }

  clear(streamId: Uint8Array): void {
    if (!this.isOn(streamId)) return;
    rmSync(this.#path, { force: true });
    this.#streamId = undefined;
  }
}
