// The segment files of a spool, `<number>.seg`, oldest first.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SegmentHeader } from './record.ts';
import { type OpenedSegment, Segment, type UnreadableSegment } from './segment.ts';
import { SegmentSync } from './segment-sync.ts';

const SEGMENT_NAME = /^(\d{1,15})\.seg$/;

/** Numbers of the segment files in a directory, oldest first. */
function listSegments(directory: string): number[] {
  return readdirSync(directory)
    .map((name) => Number(SEGMENT_NAME.exec(name)?.[1]))
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
}

export class SegmentFiles {
  readonly #directory: string;
  readonly #disk: SegmentSync;
  readonly #segments: Segment[] = [];
  #nextNumber = 1;

  constructor(directory: string, onDiskError: (error: Error) => void) {
    this.#directory = directory;
    this.#disk = new SegmentSync(onDiskError);
  }

  /** The one that is written to; there is one once `begin` was called, or `openAll` found any. */
  get newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  /** Undefined where it is the newest as well. */
  get oldestClosed(): Segment | undefined {
    return this.#segments.length > 1 ? this.#segments[0] : undefined;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Opens what an earlier run left, and gives what each file held. */
  *openAll(): Generator<OpenedSegment | UnreadableSegment> {
    for (const number of listSegments(this.#directory)) {
      this.#nextNumber = number + 1;
      const found = Segment.open(this.#path(number));
      if (found.segment) this.#segments.push(found.segment);
      yield found;
    }
  }

  /** A new one of the header and `records`; throws where the disk refuses it, and nothing has changed. */
  begin(header: SegmentHeader, records: Buffer): void {
    const segment = Segment.create(this.#path(this.#nextNumber), header, records);
    this.#nextNumber++;
    this.#segments.push(segment);
    this.#disk.add(segment);
  }

  /** It was written to, and is to be kept. */
  written(segment: Segment): void {
    this.#disk.add(segment);
  }

  /** Asks the disk to keep everything written so far; also what an earlier call still waits for. */
  sync(): Promise<void> {
    return this.#disk.sync();
  }

  /** Removes all that are older than this one. */
  removeBefore(kept: Segment): void {
    while (this.#segments[0] !== kept) {
      const segment = this.#segments.shift()!;
      this.#disk.remove(segment);
      segment.remove();
    }
  }

  close(): void {
    for (const segment of this.#segments) segment.close();
  }

  #path(number: number): string {
    return join(this.#directory, `${String(number).padStart(12, '0')}.seg`);
  }
}
