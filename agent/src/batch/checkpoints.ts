// How far each source has been read, as it goes into the spool with the events read up to there.
//
// State: what the last run left, by name, and the sources of this run. A source that has not registered yet, or has no
// position yet, keeps what was recovered: a batch sealed while it still starts must not forget it.
import type { Checkpoints } from '../sensors/sensor.ts';
import { CHECKPOINTS_BYTES_MAX } from '../spool/record.ts';

/** Of one position; a log with all rotations that a cursor holds takes a third of it. */
const POSITION_BYTES_MAX = 8 * 1024;
/** Sources kept, those of this run first: twice what the configuration allows. */
const SOURCES_MAX = 128;

export class CheckpointLedger implements Checkpoints {
  readonly #recovered: Map<string, string>;
  readonly #sources = new Map<string, () => string | undefined>();

  readonly #sync: () => Promise<void>;

  /** `recovered`: what the spool found, as `encode` gave it to an earlier run. `sync` asks the disk to keep what is spooled. */
  constructor(recovered: Uint8Array, sync: () => Promise<void> = async () => {}) {
    this.#recovered = decode(recovered);
    this.#sync = sync;
  }

  recovered(name: string): string | undefined {
    return this.#recovered.get(name);
  }

  register(name: string, position: () => string | undefined): void {
    this.#sources.set(name, position);
  }

  synced(): Promise<void> {
    return this.#sync();
  }

  /** Where every source stands now. A position over its limit is left out: its source then has its cursor file only. */
  encode(): Uint8Array {
    const entries: [string, string][] = [];
    let bytes = 2;
    for (const name of new Set([...this.#sources.keys(), ...this.#recovered.keys()])) {
      const position = this.#sources.get(name)?.() ?? this.#recovered.get(name);
      if (position === undefined || Buffer.byteLength(position) > POSITION_BYTES_MAX) continue;
      bytes += Buffer.byteLength(JSON.stringify([name, position])) + 1;
      if (bytes > CHECKPOINTS_BYTES_MAX || entries.length >= SOURCES_MAX) break;
      entries.push([name, position]);
    }
    return Buffer.from(entries.length > 0 ? JSON.stringify(entries) : '');
  }
}

function decode(bytes: Uint8Array): Map<string, string> {
  try {
    const entries: unknown = JSON.parse(Buffer.from(bytes).toString());
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : []);
  } catch {
    return new Map(); // nothing yet, or not ours: sources then go by their cursor files
  }
}

function isEntry(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
}
