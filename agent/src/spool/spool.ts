// Sealed envelopes on disk, from sealing until the collector has committed them.
//
// A directory of append-only segment files `<number>.seg`, higher is newer; only the newest is written. Invariants:
//  - `pending` lists every whole record that is not acknowledged, oldest first, across all segments;
//  - the newest segment is never removed: its header or last record says where the stream stands, so a restart goes on
//    with the same stream even when everything is acknowledged;
//  - `checkpoints` are those of the newest whole record, so they say of no event that it was read unless it was spooled (or
//    counted lost); every segment begins with them, since the one that held them before may then be removed;
//  - a sequence number is never given to two envelopes: where the newest position is in doubt, a new stream begins.
//
// What survives: `append` returns after write(2), so kill -9 of the agent loses nothing that was appended. The disk is
// asked to keep it (fdatasync) once a second and at the end: a power cut loses at most that second, and the next run,
// seeing another boot id and no mark of a clean end, begins a new stream.
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import {
  type Loss,
  type LossReason,
  NO_PREVIOUS_DIGEST,
  type SealedEnvelope,
  STREAM_ID_BYTES,
  type StreamPosition,
} from '@threatguard/proto';
import { takeCleanMark, writeCleanMark } from './clean-mark.ts';
import { type Pending, PendingEnvelopes } from './pending.ts';
import { encodeRecord, RECORD_HEADER_BYTES } from './record.ts';
import { SegmentFiles } from './segment-files.ts';

/** A power cut loses at most this much; each fdatasync costs 0.3 ms on a virtual disk and 10 ms on a spinning one. */
const SYNC_EVERY_MS = 1000;
/** Small enough that opening one takes little memory and dropping the oldest loses little. */
const SEGMENT_BYTES_MAX = 4 * 1024 * 1024;
const SEGMENTS_MIN = 16;

export interface SpoolOptions {
  directory: string;
  bytesMax: number;
  /** Whose stream it is, 32 bytes: another one begins a new stream. */
  owner: Uint8Array;
  /** What stood for the same owner in a spool of an earlier version: taken over, and the stream goes on. */
  formerOwner?: Uint8Array;
  /** The kernel's boot, 16 bytes: tells a restart of the agent from one of the machine. */
  bootId: Uint8Array;
  nowUs: () => number;
  /** Told of every event that was in the spool and will never be sent. */
  lose: (loss: Loss) => void;
  /** Told when the disk refuses; the spool goes on. */
  onDiskError?: (error: Error) => void;
}

/** What a batch says of itself, kept beside its envelope. */
export interface SpooledFacts {
  events: number;
  firstAtUs: number;
  lastAtUs: number;
  /** The envelope's content key, wrapped for this host; empty for none. */
  wrappedKey?: Uint8Array;
}

export interface SpooledEnvelope {
  streamId: Uint8Array;
  sequence: number;
  bytes: Uint8Array;
  /** The ML-KEM epoch it is sealed for. */
  epoch: number;
  /** Its content key as it was given to `append`; empty where it has none. */
  wrappedKey: Uint8Array;
}

export class Spool implements AsyncDisposable {
  readonly #options: SpoolOptions;
  readonly #segmentBytesMax: number;
  readonly #pending = new PendingEnvelopes();
  readonly #segments: SegmentFiles;
  #position: StreamPosition = newStream();
  #checkpoints: Uint8Array = new Uint8Array();
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: SpoolOptions) {
    this.#options = options;
    this.#segments = new SegmentFiles(options.directory, (error) => options.onDiskError?.(error));
    this.#segmentBytesMax = Math.min(SEGMENT_BYTES_MAX, Math.ceil(options.bytesMax / SEGMENTS_MIN));
  }

  /** Opens or makes the directory. Damage is cut out and counted; only a directory that cannot be used throws. */
  static open(options: SpoolOptions): Spool {
    const spool = new Spool(options);
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    spool.#recover();
    spool.#timer = setInterval(() => void spool.sync(), SYNC_EVERY_MS).unref();
    return spool;
  }

  /** Where the stream stands; what the next envelope must continue. */
  get position(): StreamPosition {
    return this.#position;
  }

  /** How far the sources had been read when the newest envelope was appended; empty where nothing is known. */
  get checkpoints(): Uint8Array {
    return this.#checkpoints;
  }

  /** Number of the oldest envelope not acknowledged; numbers count up while the spool is open. */
  get first(): number {
    return this.#pending.first;
  }

  /** Number the next envelope will have. */
  get end(): number {
    return this.#pending.end;
  }

  get pendingBytes(): number {
    return this.#pending.bytes;
  }

  /** The stream of the oldest envelope, or the one that would begin the next. */
  get oldestStreamId(): Uint8Array {
    return this.#pending.oldest?.segment.header.position.streamId ?? this.#position.streamId;
  }

  /** The ML-KEM epoch of the oldest envelope; 0 where nothing waits. An agent never goes back to an older epoch. */
  get oldestEpoch(): number {
    return this.#pending.oldest?.epoch ?? 0;
  }

  /** Of the oldest envelope of a stream; undefined where none waits. */
  oldestSequence(streamId: Uint8Array): number | undefined {
    return this.#pending.oldestOf(streamId)?.sequence;
  }

  /**
   * The newest envelope went out under another header than the one spooled (sealed anew for another epoch): the next one
   * continues that, over a restart too, since a new segment begins with it. False where the disk refused.
   */
  continueFrom(headerDigest: Uint8Array): boolean {
    try {
      this.#rotate({ ...this.#position, headerDigest });
      return true;
    } catch (error) {
      this.#options.onDiskError?.(error as Error);
      return false;
    }
  }

  /** Calls `listener` after each append. Returns how to end that. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * True once the envelope and `checkpoints` (as before where left out) are written, in one write. False where the disk
   * refused them: the events are counted lost.
   */
  append(
    sealed: Pick<SealedEnvelope, 'bytes' | 'position' | 'kemEpoch'>,
    { wrappedKey = new Uint8Array(), ...facts }: SpooledFacts,
    checkpoints = this.#checkpoints,
  ): boolean {
    const { sequence, headerDigest } = sealed.position;
    const epoch = sealed.kemEpoch;
    const about = { ...facts, sequence, headerDigest, epoch, wrappedKey };
    const record = encodeRecord(about, { envelope: sealed.bytes, checkpoints });
    try {
      this.#makeRoom(record.length);
      const segment = this.#segments.newest!;
      const offset = segment.append(record);
      const payloadCrc = record.readUInt32LE(8);
      const lengths = { length: sealed.bytes.length, checkpointBytes: checkpoints.length };
      const place = { ...facts, ...lengths, sequence, epoch, headerBytes: RECORD_HEADER_BYTES, offset, payloadCrc };
      this.#pending.push({ ...place, segment, done: false });
      this.#segments.written(segment);
    } catch (error) {
      this.#lose('spool_overflow', facts);
      this.#options.onDiskError?.(error as Error);
      return false;
    }
    this.#position = sealed.position;
    this.#checkpoints = checkpoints;
    for (const listener of this.#listeners) listener();
    return true;
  }

  /** The envelope with this number; undefined where it is gone, refused, or the disk damaged it. */
  read(number: number): SpooledEnvelope | undefined {
    const record = this.#pending.at(number);
    if (!record) return undefined;
    const content = record.segment.read(record);
    if (content) {
      const { streamId } = record.segment.header.position;
      const { sequence, epoch } = record;
      return { streamId, sequence, epoch, bytes: content.envelope, wrappedKey: content.wrappedKey };
    }
    this.#giveUp(record, 'spool_damaged');
    return undefined;
  }

  /** The collector has this sequence of the stream and all before it: they go. */
  acknowledge(streamId: Uint8Array, sequence: number): void {
    this.#forget(this.#pending.countUpTo(streamId, sequence));
  }

  /** The collector will never take this envelope: it is counted and goes. */
  refuse(streamId: Uint8Array, sequence: number, reason: 'refused' | 'epoch_refused' = 'refused'): void {
    const record = this.#pending.find(streamId, sequence);
    if (record) this.#giveUp(record, reason);
  }

  /** From here on envelopes belong to a new stream; for when the collector knows more of this one than we do. */
  beginStream(): void {
    this.#rotate(newStream());
  }

  /** Asks the disk to keep everything appended so far; also what an earlier call still waits for. */
  sync(): Promise<void> {
    return this.#segments.sync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    if (!this.#pending.oldest) this.#rotateOrSay();
    await this.sync();
    const { bootId, owner, directory } = this.#options;
    try {
      writeCleanMark(directory, { bootId, owner, position: this.#position });
    } catch (error) {
      // Without the mark the next boot begins a new stream, which is safe.
      this.#options.onDiskError?.(error as Error);
    }
    this.#segments.close();
  }

  #recover(): void {
    const { directory, owner, formerOwner, bootId } = this.#options;
    let inDoubt = true;
    for (const found of this.#segments.openAll()) {
      const { segment } = found;
      inDoubt = !segment || found.endUncertain;
      if (found.damagedEvents > 0) this.#lose('spool_damaged', { events: found.damagedEvents });
      this.#checkpoints = found.checkpoints ?? this.#checkpoints;
      if (!segment) continue;
      this.#position = found.position;
      for (const record of found.records) this.#pending.push({ ...record, segment, done: false });
    }
    const newest = this.#segments.newest?.header;
    const endedClean = takeCleanMark(directory, newest && { ...newest, position: this.#position });
    const sameRun = newest && Buffer.compare(newest.bootId, bootId) === 0;
    const sameOwner = newest && Buffer.compare(newest.owner, owner) === 0;
    const ours = sameOwner || (newest && formerOwner && Buffer.compare(newest.owner, formerOwner) === 0);
    if (inDoubt || !ours || !(sameRun || endedClean)) this.#rotate(newStream());
    else if (!sameRun || !sameOwner) this.#rotate(this.#position);
  }

  #rotate(position: StreamPosition): void {
    const { owner, bootId } = this.#options;
    this.#segments.begin({ owner, bootId, position }, this.#carriedOver(position));
    this.#position = position;
    this.#removeEmptied();
  }

  /** The record a segment begins with; none where nothing is known of any source. */
  #carriedOver({ sequence, headerDigest }: StreamPosition): Buffer {
    if (this.#checkpoints.length === 0) return Buffer.alloc(0);
    const none = { events: 0, firstAtUs: 0, lastAtUs: 0, epoch: 0, wrappedKey: new Uint8Array() };
    const facts = { ...none, sequence, headerDigest };
    return encodeRecord(facts, { envelope: new Uint8Array(), checkpoints: this.#checkpoints });
  }

  #makeRoom(bytes: number): void {
    const active = this.#segments.newest!;
    if (active.bytes + bytes > this.#segmentBytesMax && this.#pending.newest?.segment === active) {
      this.#rotate(this.#position);
    }
    for (let oldest = this.#segments.oldestClosed; oldest; oldest = this.#segments.oldestClosed) {
      if (this.#segments.bytes + bytes <= this.#options.bytesMax) return;
      const dropped = this.#forget(this.#pending.countIn(oldest));
      for (const record of dropped) if (!record.done) this.#lose('spool_overflow', record);
    }
  }

  /** Counted first: a kill in between may count it twice, and never not at all. */
  #giveUp(record: Pending, reason: LossReason): void {
    record.done = true;
    this.#lose(reason, record);
    try {
      record.segment.markDone(record);
      this.#segments.written(record.segment);
    } catch (error) {
      this.#options.onDiskError?.(error as Error);
    }
    this.#forget(this.#pending.countDone());
  }

  #forget(count: number): Pending[] {
    const forgotten = this.#pending.forget(count);
    this.#removeEmptied();
    if (!this.#pending.oldest && this.#segments.newest!.bytes > this.#segmentBytesMax / 2) this.#rotateOrSay();
    return forgotten;
  }

  /** Begins a segment where that is only tidy: acknowledged bytes then go from the disk. */
  #rotateOrSay(): void {
    try {
      this.#rotate(this.#position);
    } catch (error) {
      this.#options.onDiskError?.(error as Error);
    }
  }

  #removeEmptied(): void {
    this.#segments.removeBefore(this.#pending.oldest?.segment ?? this.#segments.newest!);
  }

  #lose(reason: LossReason, facts: { events: number; firstAtUs?: number; lastAtUs?: number }): void {
    const nowUs = this.#options.nowUs();
    const { events, firstAtUs = nowUs, lastAtUs = nowUs } = facts;
    this.#options.lose({ sensor: 'spool', reason, count: events, firstAtUs, lastAtUs });
  }
}

function newStream(): StreamPosition {
  return { streamId: randomBytes(STREAM_ID_BYTES), sequence: 0, headerDigest: NO_PREVIOUS_DIGEST };
}
