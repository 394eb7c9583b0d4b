// All indicators of all sources, to be asked from any thread: three pieces of memory that threads share and nobody changes. A new
// import makes new ones.
//
//   slots    open addressing with linear probing; two numbers a slot: the second hash of the key, and where its entry begins plus one
//   entries  key length u16, number of claims u8, key, then the claims: source u16, flags u8, confidence u8, since u32, until u32,
//            label u32 (0 for none, else where it begins plus one)
//   labels   length u16, text
//
// A slot whose second hash fits is held against the whole key: what is found is never another value.
import type { Indicator, IndicatorKind, IndicatorValue, Tlp } from './indicator.ts';
import { INDICATOR_KINDS, TLP_DEFAULT } from './indicator.ts';
import { hashKey, KeyWriter, readKey } from './indicator-key.ts';
import { type Label, NO_CONFIDENCE, readFlags, readLabel } from './packed-records.ts';

export const SLOT_SEED = 0x5bd1_e995;
export const CHECK_SEED = 0x27d4_eb2f;
export const ENTRY_HEADER_BYTES = 3;
export const CLAIM_BYTES = 16;

export interface SourceOfClaims {
  name: string;
  confidence: number;
  tlp: Tlp;
}

export interface IndexBuffers {
  slots: SharedArrayBuffer;
  entries: SharedArrayBuffer;
  labels: SharedArrayBuffer;
  /** By kind, as in INDICATOR_KINDS. */
  counts: readonly number[];
  /** Lengths of prefixes there are networks of, the longest first. */
  prefixes4: readonly number[];
  prefixes6: readonly number[];
  /** By the number claims name them with. */
  sources: readonly (readonly [number, SourceOfClaims])[];
  /** When the first claim ends that is in it, seconds; 0 where none does. */
  firstEndSeconds: number;
  /** Of all that a look-up answers with, what was taken out included: two of the same digest answer alike. '' for none. */
  digest: string;
}

/** What one source says of a value. */
export interface Claim extends Pick<Indicator, 'side' | 'subdomains'>, Label {
  source: string;
  /** Its own, or what its source is worth. */
  confidence: number;
  tlp: Tlp;
  sinceUs: number;
  /** For ever where undefined. */
  untilUs: number | undefined;
}

const EMPTY_INDEX: IndexBuffers = {
  slots: new SharedArrayBuffer(16),
  entries: new SharedArrayBuffer(0),
  labels: new SharedArrayBuffer(0),
  counts: INDICATOR_KINDS.map(() => 0),
  prefixes4: [],
  prefixes6: [],
  sources: [],
  firstEndSeconds: 0,
  digest: '',
};

const UNKNOWN_SOURCE: SourceOfClaims = { name: 'unknown', confidence: 0, tlp: TLP_DEFAULT };

export class IntelIndex {
  readonly buffers: IndexBuffers;
  readonly size: number;
  readonly prefixes4: readonly number[];
  readonly prefixes6: readonly number[];
  readonly #slots: Uint32Array;
  readonly #mask: number;
  readonly #entries: Uint8Array;
  readonly #view: DataView;
  readonly #labels: Uint8Array;
  readonly #sources: ReadonlyMap<number, SourceOfClaims>;
  readonly #keys = new KeyWriter();

  constructor(buffers: IndexBuffers = EMPTY_INDEX) {
    this.buffers = buffers;
    this.size = buffers.counts.reduce((sum, count) => sum + count, 0);
    this.prefixes4 = buffers.prefixes4;
    this.prefixes6 = buffers.prefixes6;
    this.#slots = new Uint32Array(buffers.slots);
    this.#mask = this.#slots.length / 2 - 1;
    this.#entries = new Uint8Array(buffers.entries);
    this.#view = new DataView(buffers.entries);
    this.#labels = new Uint8Array(buffers.labels);
    this.#sources = new Map(buffers.sources);
  }

  /** Of memory that threads share; once, however many threads look. */
  get bytes(): number {
    const { slots, entries, labels } = this.buffers;
    return slots.byteLength + entries.byteLength + labels.byteLength;
  }

  has(kind: IndicatorKind): boolean {
    return this.buffers.counts[INDICATOR_KINDS.indexOf(kind)]! > 0;
  }

  /** Where the entry of the key begins; -1 where there is none. */
  find({ bytes, length }: Pick<KeyWriter, 'bytes' | 'length'>): number {
    const slots = this.#slots;
    let slot = hashKey(bytes, length, SLOT_SEED) & this.#mask;
    // Half of what is not there ends here.
    if (slots[slot * 2 + 1] === 0) return -1;
    const check = hashKey(bytes, length, CHECK_SEED);
    for (; ; slot = (slot + 1) & this.#mask) {
      const entry = slots[slot * 2 + 1]!;
      if (entry === 0) return -1;
      if (slots[slot * 2] === check && this.#isKey(entry - 1, bytes, length)) return entry - 1;
    }
  }

  /** Where the entry of a value begins; -1 where there is none. */
  findValue(value: IndicatorValue): number {
    return this.#keys.write(value) ? this.find(this.#keys) : -1;
  }

  /** Every value that covers this one: itself, networks around an address, names above a name. The narrowest first. */
  *findAll(value: IndicatorValue): Iterable<number> {
    const keys = this.#keys;
    const exact = this.findValue(value);
    if (exact >= 0) yield exact;
    if (value.kind === 'address' && keys.address(value.value)) {
      for (const bits of keys.addressBytes === 4 ? this.prefixes4 : this.prefixes6) {
        keys.network(bits);
        const entry = this.find(keys);
        if (entry >= 0) yield entry;
      }
    } else if (value.kind === 'domain') {
      for (let dot = value.value.indexOf('.'); dot >= 0; dot = value.value.indexOf('.', dot + 1)) {
        if (!keys.text('domain', value.value, dot + 1)) continue;
        const entry = this.find(keys);
        if (entry >= 0 && this.claims(entry).some(({ subdomains }) => subdomains)) yield entry;
      }
    }
  }

  value(entry: number): IndicatorValue {
    const start = entry + ENTRY_HEADER_BYTES;
    return readKey(this.#entries.subarray(start, start + this.#view.getUint16(entry)));
  }

  claims(entry: number): Claim[] {
    const view = this.#view;
    const count = view.getUint8(entry + 2);
    const first = entry + ENTRY_HEADER_BYTES + view.getUint16(entry);
    return Array.from({ length: count }, (_, index) => {
      const at = first + index * CLAIM_BYTES;
      const source = this.#sources.get(view.getUint16(at)) ?? UNKNOWN_SOURCE;
      const { tlp = source.tlp, ...flags } = readFlags(view.getUint8(at + 2));
      const confidence = view.getUint8(at + 3);
      const until = view.getUint32(at + 8);
      const label = view.getUint32(at + 12);
      return {
        ...flags,
        ...this.#label(label),
        source: source.name,
        confidence: confidence === NO_CONFIDENCE ? source.confidence : confidence,
        tlp,
        sinceUs: view.getUint32(at + 4) * 1e6,
        untilUs: until === 0 ? undefined : until * 1e6,
      };
    });
  }

  /** Entries from a place on, in the order they lie in memory; the place after the last is the size of the memory. */
  *entriesFrom(start: number): Iterable<number> {
    for (let entry = start; entry + ENTRY_HEADER_BYTES <= this.#entries.length; entry = this.entryAfter(entry))
      yield entry;
  }

  entryAfter(entry: number): number {
    return entry + ENTRY_HEADER_BYTES + this.#view.getUint16(entry) + this.#view.getUint8(entry + 2) * CLAIM_BYTES;
  }

  #label(place: number): Label {
    if (place === 0) return { about: '', techniques: [], tactics: [] };
    const length = this.#labels[place - 1]! * 256 + this.#labels[place]!;
    return readLabel(this.#labels.subarray(place + 1, place + 1 + length));
  }

  #isKey(entry: number, key: Uint8Array, length: number): boolean {
    const entries = this.#entries;
    if (entries[entry]! * 256 + entries[entry + 1]! !== length) return false;
    for (let index = 0; index < length; index++) {
      if (entries[entry + ENTRY_HEADER_BYTES + index] !== key[index]) return false;
    }
    return true;
  }
}
