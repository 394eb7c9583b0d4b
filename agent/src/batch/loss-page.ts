// What the agent would take with it when it is killed, in a page that the kernel keeps in a file (loss-file.ts): events it
// holds and has not sealed, and losses that stand in no signed header yet. Counting is a store to memory, not a call.
//
//   page   magic "TGLP" | version u32 | id 16 bytes | 8 unused | slots
//   slot   total f64 | covered f64 | first at us f64 | last at us f64 | sensor 32 bytes | reason 32 bytes, UTF-8, zero-padded
//
// Invariants: `total` counts all that was ever added, `covered` what the spool holds (or what became another loss), so the
// difference is what a crash would hide. The record that holds the events holds `position` too, in the same write: where
// a kill comes between that write and `settle`, the position says what the page does not know yet. A slot is never reused.
import type { Loss, LossReason } from '@threatguard/proto';

const MAGIC = Buffer.from('TGLP');
const VERSION = 1;
const ID_BYTES = 16;
const HEADER_BYTES = 32;
const NAME_BYTES = 32;
const SLOT_BYTES = 4 * 8 + 2 * NAME_BYTES;
/** Sensors and their reasons: names are ours, and a host has some thirty. */
const SLOTS_MAX = 128;
export const LOSS_PAGE_BYTES = 4 * 4096;
const FIELDS = SLOT_BYTES / 8;
const TOTAL = 0;
const COVERED = 1;
const FIRST_AT = 2;
const LAST_AT = 3;

export interface Span {
  firstAtUs: number;
  lastAtUs: number;
}

export class LossPage {
  readonly #bytes: Buffer;
  readonly #numbers: Float64Array;
  readonly #slots = new Map<string, number>();
  /** Totals as an earlier run left them. */
  readonly #found: number[];
  /** What the next record covers, by slot. */
  readonly #next: number[];

  /** `memory` of LOSS_PAGE_BYTES: what an earlier run left, or anything else, which is then cleared and given `newId`. */
  constructor(memory: ArrayBuffer, newId: Uint8Array) {
    this.#bytes = Buffer.from(memory);
    this.#numbers = new Float64Array(memory, HEADER_BYTES, FIELDS * SLOTS_MAX);
    if (!this.#bytes.subarray(0, 4).equals(MAGIC) || this.#bytes.readUInt32LE(4) !== VERSION) this.#clear(newId);
    for (let slot = 0; slot < SLOTS_MAX && this.#name(slot, 0) !== ''; slot++) {
      this.#slots.set(key(this.#name(slot, 0), this.#name(slot, 1)), slot);
      if (!this.#isSound(slot)) for (let field = 0; field < 4; field++) this.#set(slot, field, 0);
    }
    this.#found = Array.from({ length: SLOTS_MAX }, (_, slot) => this.#get(slot, TOTAL));
    this.#next = Array.from({ length: SLOTS_MAX }, (_, slot) => this.#get(slot, COVERED));
  }

  /**
   * What the run before did not seal, given the position the spool's newest record holds. It stays in the page until it is
   * covered, so a second crash does not hide it either.
   */
  unsealed(position: string | undefined): Loss[] {
    const covered = this.#decode(position);
    const losses: Loss[] = [];
    for (const slot of this.#slots.values()) {
      this.#next[slot] = Math.max(this.#next[slot]!, Math.min(covered[slot] ?? 0, this.#found[slot]!));
      const count = this.#found[slot]! - this.#next[slot]!;
      if (count <= 0) continue;
      const [firstAtUs, lastAtUs] = [this.#get(slot, FIRST_AT), this.#get(slot, LAST_AT)];
      losses.push({ sensor: this.#name(slot, 0), reason: this.#name(slot, 1), count, firstAtUs, lastAtUs });
    }
    return losses;
  }

  /** Beyond SLOTS_MAX names it is not kept; the ledger counts it all the same. */
  add(sensor: string, reason: LossReason, count: number, { firstAtUs, lastAtUs }: Span): void {
    const slot = this.#slot(sensor, reason);
    if (slot === undefined) return;
    const first = this.#get(slot, FIRST_AT);
    if (first === 0 || firstAtUs < first) this.#set(slot, FIRST_AT, firstAtUs);
    this.#set(slot, LAST_AT, Math.max(lastAtUs, this.#get(slot, LAST_AT)));
    this.#set(slot, TOTAL, this.#get(slot, TOTAL) + count);
  }

  /** Of what was added, this became something else that is counted elsewhere. */
  takeBack(sensor: string, reason: LossReason, count: number): void {
    const slot = this.#slot(sensor, reason);
    if (slot !== undefined) this.#set(slot, TOTAL, this.#get(slot, TOTAL) - count);
  }

  /** The record made next holds so many of what was added. */
  cover(sensor: string, reason: string, count: number): void {
    const slot = this.#slot(sensor, reason);
    if (slot !== undefined) this.#next[slot]! += count;
  }

  /** The record is written, or what it held was counted lost: what it covers is no longer in danger. */
  settle(): void {
    for (const slot of this.#slots.values()) {
      this.#set(slot, COVERED, this.#next[slot]!);
      if (this.#next[slot]! >= this.#get(slot, TOTAL)) this.#set(slot, FIRST_AT, 0);
    }
  }

  /** For the checkpoints of the record made next. */
  position(): string {
    return JSON.stringify([this.#id, ...this.#next.slice(0, this.#slots.size)]);
  }

  get #id(): string {
    return this.#bytes.toString('hex', 8, 8 + ID_BYTES);
  }

  #decode(position: string | undefined): number[] {
    if (position === undefined) return [];
    try {
      const [id, ...covered]: unknown[] = JSON.parse(position);
      return id === this.#id ? covered.map((count) => (Number.isSafeInteger(count) ? (count as number) : 0)) : [];
    } catch {
      return []; // not ours: then the page alone says it
    }
  }

  #clear(newId: Uint8Array): void {
    this.#bytes.fill(0);
    MAGIC.copy(this.#bytes);
    this.#bytes.writeUInt32LE(VERSION, 4);
    this.#bytes.set(newId.subarray(0, ID_BYTES), 8);
  }

  #slot(sensor: string, reason: string): number | undefined {
    const known = this.#slots.get(key(sensor, reason));
    if (known !== undefined || this.#slots.size >= SLOTS_MAX) return known;
    const slot = this.#slots.size;
    this.#write(slot, 1, reason);
    this.#write(slot, 0, sensor);
    this.#slots.set(key(sensor, reason), slot);
    return slot;
  }

  #write(slot: number, part: 0 | 1, name: string): void {
    const start = nameStart(slot, part);
    this.#bytes.fill(0, start, start + NAME_BYTES);
    this.#bytes.write(name, start, NAME_BYTES);
  }

  #name(slot: number, part: 0 | 1): string {
    const start = nameStart(slot, part);
    const bytes = this.#bytes.subarray(start, start + NAME_BYTES);
    const end = bytes.indexOf(0);
    return bytes.toString('utf8', 0, end < 0 ? NAME_BYTES : end);
  }

  /** A power cut may leave anything. */
  #isSound(slot: number): boolean {
    const [total, covered] = [this.#get(slot, TOTAL), this.#get(slot, COVERED)];
    const whole = [TOTAL, COVERED, FIRST_AT, LAST_AT].every((field) => Number.isSafeInteger(this.#get(slot, field)));
    return whole && covered >= 0 && covered <= total;
  }

  #get(slot: number, field: number): number {
    return this.#numbers[slot * FIELDS + field]!;
  }

  #set(slot: number, field: number, value: number): void {
    this.#numbers[slot * FIELDS + field] = value;
  }
}

function nameStart(slot: number, part: 0 | 1): number {
  return HEADER_BYTES + slot * SLOT_BYTES + 32 + part * NAME_BYTES;
}

function key(sensor: string, reason: string): string {
  return `${sensor} ${reason}`;
}
