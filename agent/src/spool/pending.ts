// The envelopes that are not acknowledged yet, oldest first. Each has a number that counts up while the spool is open; `first` is
// that of the oldest, and they leave from there only.

import type { RecordPlace } from './scan.ts';
import type { Segment } from './segment.ts';

export interface Pending extends RecordPlace {
  segment: Segment;
  /** Refused or damaged: counted already, goes when its turn comes. */
  done: boolean;
}

export class PendingEnvelopes {
  #records: Pending[] = [];
  #first = 0;
  #bytes = 0;

  get first(): number {
    return this.#first;
  }

  /** The number the next one will have. */
  get end(): number {
    return this.#first + this.#records.length;
  }

  /** Of the envelopes themselves. */
  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): Pending | undefined {
    return this.#records[0];
  }

  get newest(): Pending | undefined {
    return this.#records.at(-1);
  }

  push(record: Pending): void {
    this.#records.push(record);
    this.#bytes += record.length;
  }

  /** The one with this number; undefined where it is gone or done. */
  at(number: number): Pending | undefined {
    const record = this.#records[number - this.#first];
    return record?.done ? undefined : record;
  }

  /** The one with this sequence of the stream; undefined where there is none, or it is done. */
  find(streamId: Uint8Array, sequence: number): Pending | undefined {
    return this.#records.find((each) => !each.done && each.sequence === sequence && isUpTo(each, streamId, sequence));
  }

  /** The oldest of the stream that is not done. */
  oldestOf(streamId: Uint8Array): Pending | undefined {
    return this.#records.find((each) => !each.done && isUpTo(each, streamId, each.sequence));
  }

  /** How many of the oldest, one after the other, are done or at most this sequence of the stream. */
  countUpTo(streamId: Uint8Array, sequence: number): number {
    return this.#countWhile((record) => record.done || isUpTo(record, streamId, sequence));
  }

  countDone(): number {
    return this.#countWhile((record) => record.done);
  }

  /** How many of the oldest lie in this segment. */
  countIn(segment: Segment): number {
    return this.#countWhile((record) => record.segment === segment);
  }

  /** Lets go of so many of the oldest, and gives them. */
  forget(count: number): Pending[] {
    const gone = this.#records.splice(0, count);
    for (const { length } of gone) this.#bytes -= length;
    this.#first += gone.length;
    return gone;
  }

  #countWhile(leaves: (record: Pending) => boolean): number {
    const kept = this.#records.findIndex((record) => !leaves(record));
    return kept < 0 ? this.#records.length : kept;
  }
}

function isUpTo(record: Pending, streamId: Uint8Array, sequence: number): boolean {
  return record.sequence <= sequence && Buffer.compare(record.segment.header.position.streamId, streamId) === 0;
}
