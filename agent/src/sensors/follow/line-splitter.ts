/** The longest line handed on, in bytes; the rest of a longer one is cut. sshd and syslog write at most 8 KiB. */
export const LINE_BYTES_MAX = 16 * 1024;

export interface Line {
  text: string;
  /** Bytes of the file up to and including this line, from where the splitter began. */
  end: number;
  oversized: boolean;
}

const NEWLINE = 10;

/** Cuts a growing file into lines. Keeps a bounded part of an unfinished one; NULs vanish, bad UTF-8 becomes U+FFFD. */
export class LineSplitter {
  #partial: Buffer[] = [];
  #partialBytes = 0;
  #oversized = false;
  #end: number;
  #skipping: boolean;
  readonly #lineBytesMax: number;

  /** `midLine`: the bytes at `offset` continue a line whose beginning was not read; its rest is no line. */
  constructor(offset: number, midLine = false, lineBytesMax = LINE_BYTES_MAX) {
    this.#end = offset;
    this.#skipping = midLine;
    this.#lineBytesMax = lineBytesMax;
  }

  *push(chunk: Buffer): Generator<Line> {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, at));
      this.#end += at + 1 - start;
      start = at + 1;
      const line = this.#take();
      if (!this.#skipping) yield line;
      this.#skipping = false;
    }
    this.#keep(chunk.subarray(start));
    this.#end += chunk.length - start;
  }

  /** What stands after the last newline, when nothing will follow it any more. */
  finish(): Line | null {
    return this.#partialBytes > 0 ? this.#take() : null;
  }

  #keep(chunk: Buffer): void {
    // A writer that kept its place over a truncation leaves a hole, which reads as NULs without end.
    const bytes = chunk.includes(0) ? chunk.filter((byte) => byte !== 0) : chunk;
    const room = this.#lineBytesMax - this.#partialBytes;
    if (bytes.length > room) this.#oversized = true;
    const kept = bytes.subarray(0, room);
    if (kept.length === 0) return;
    this.#partial.push(Buffer.from(kept)); // the caller reuses its buffer
    this.#partialBytes += kept.length;
  }

  #take(): Line {
    const text = Buffer.concat(this.#partial).toString('utf8').replace(/\r$/, '');
    const line = { text, end: this.#end, oversized: this.#oversized };
    this.#partial = [];
    this.#partialBytes = 0;
    this.#oversized = false;
    return line;
  }
}
