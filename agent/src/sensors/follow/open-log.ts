// One opened log file. Invariants: durable <= delivered <= read; `durable` is the end of the last line before which every line is
// durable, so reading on from there loses none.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { digestPrefix, type FilePosition, PREFIX_BYTES_MAX } from './cursor.ts';
import { LINE_BYTES_MAX, type Line, LineSplitter } from './line-splitter.ts';

const CHUNK_BYTES = 64 * 1024;

export class OpenLog {
  readonly inode: string;
  readonly #descriptor: number;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  readonly #splitter: LineSplitter;
  #offset: number;
  #delivered: number;
  /** Ends of lines not durable yet, in order; the first of them holds the cursor back. */
  #pending: { end: number; durable: boolean }[] = [];
  #durable: number;
  #prefix: Buffer = Buffer.alloc(0);
  readonly #lineBytesMax: number;
  #closed = false;

  constructor(path: string, from: number | 'end', lineBytesMax = LINE_BYTES_MAX) {
    this.#lineBytesMax = lineBytesMax;
    this.#descriptor = openSync(path, 'r');
    const { ino, size } = fstatSync(this.#descriptor, { bigint: true });
    this.inode = String(ino);
    this.#offset = from === 'end' ? Number(size) : from;
    this.#delivered = this.#offset;
    this.#durable = this.#offset;
    this.#splitter = new LineSplitter(this.#offset, from === 'end' && !this.#endsLine(), lineBytesMax);
    this.#growPrefix();
  }

  get pendingLines(): number {
    return this.#pending.length;
  }

  get drained(): boolean {
    return this.#pending.length === 0;
  }

  get size(): number {
    return Number(fstatSync(this.#descriptor, { bigint: true }).size);
  }

  /** The end of the last whole line handed on. */
  get deliveredTo(): number {
    return this.#delivered;
  }

  /** Where reading goes on after a crash. */
  position(): FilePosition {
    return {
      inode: this.inode,
      offset: this.#durable,
      prefixBytes: this.#prefix.length,
      prefixSha256: digestPrefix(this.#prefix),
    };
  }

  /** The lines of one chunk; no bytes at the end of the file. Each line is to be given to `deliver` before the next call. */
  read(): { lines: Line[]; bytes: number } {
    const bytes = readSync(this.#descriptor, this.#chunk, 0, CHUNK_BYTES, this.#offset);
    this.#offset += bytes;
    if (bytes > 0) this.#growPrefix();
    return { lines: [...this.#splitter.push(this.#chunk.subarray(0, bytes))], bytes };
  }

  hasMore(): boolean {
    return this.size > this.#offset;
  }

  /** The unfinished last line of a file that nobody writes any more. */
  finish(): Line | null {
    return this.#splitter.finish();
  }

  /** Registers a line as handed on; the returned function says it is durable, in any order, more than once at will. */
  deliver(line: Line, changed: () => void): () => void {
    const entry = { end: line.end, durable: false };
    this.#pending.push(entry);
    this.#delivered = line.end;
    return () => {
      entry.durable = true;
      let moved = false;
      while (this.#pending[0]?.durable) {
        this.#durable = this.#pending.shift()!.end;
        moved = true;
      }
      if (moved) changed();
    };
  }

  /** Cut to nothing (copytruncate, `> log`), or written anew from the start and already longer than before. */
  wasTruncated(): boolean {
    return this.size < this.#offset || !this.#prefix.equals(readPrefix(this.#descriptor, this.#prefix.length));
  }

  /** The same inode from its beginning, also where no path leads to it any more (proc(5), fd). */
  reopen(): OpenLog {
    return new OpenLog(`/proc/self/fd/${this.#descriptor}`, 0, this.#lineBytesMax);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  #endsLine(): boolean {
    const last = Buffer.alloc(1);
    return this.#offset === 0 || readSync(this.#descriptor, last, 0, 1, this.#offset - 1) === 0 || last[0] === 10;
  }

  #growPrefix(): void {
    if (this.#prefix.length < PREFIX_BYTES_MAX) this.#prefix = readPrefix(this.#descriptor, PREFIX_BYTES_MAX);
  }
}

export function readPrefix(descriptor: number, bytes: number): Buffer {
  const prefix = Buffer.alloc(bytes);
  return prefix.subarray(0, readSync(descriptor, prefix, 0, bytes, 0));
}
