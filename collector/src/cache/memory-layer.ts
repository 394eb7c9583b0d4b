interface Entry {
  value: string;
  bytes: number;
  endsAtMs: number;
}

/** Of a key and what it takes to keep an entry. */
const ENTRY_BYTES = 200;

/**
 * What a process remembers for itself. Form: #entries by key, the one that was used last at the end. Invariant: at most
 * `entriesMax` of at most `bytesMax` in all; the least recently used go first, and are counted.
 */
export class MemoryLayer {
  evictions = 0;
  readonly #entries = new Map<string, Entry>();
  readonly #limits: { entriesMax: number; bytesMax: number };
  readonly #nowMs: () => number;
  #bytes = 0;

  constructor(limits: { entriesMax: number; bytesMax: number }, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): string | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    if (this.#nowMs() >= entry.endsAtMs) {
      this.delete(key);
      return undefined;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: string, ttlMs: number): void {
    this.delete(key);
    // Two bytes a character, as strings are kept at worst.
    const bytes = 2 * value.length + ENTRY_BYTES;
    if (bytes > this.#limits.bytesMax) return;
    this.#entries.set(key, { value, bytes, endsAtMs: this.#nowMs() + ttlMs });
    this.#bytes += bytes;
    while (this.#entries.size > this.#limits.entriesMax || this.#bytes > this.#limits.bytesMax) {
      this.delete(this.#entries.keys().next().value!);
      this.evictions++;
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
