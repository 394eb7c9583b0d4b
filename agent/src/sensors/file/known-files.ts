// How each watched file last stood. Invariants: at most FILES_MAX files, and at most TEXT_TOTAL_MAX characters of
// their texts, not counting system files watched by name.
import type { LossReason } from '@threatguard/proto';
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import type { WatchedPath } from './watched-paths.ts';

/** Files kept in mind; a whole /usr/lib/systemd, a thousand homes and a web root stay below. */
const FILES_MAX = 20_000;
/** Of all texts together; files beyond it are compared by digest only. */
const TEXT_TOTAL_MAX = 8 * 1024 * 1024;
/** Files named in `problem`. */
const DENIED_MAX = 1000;

interface Known {
  snapshot: Snapshot;
  watched: WatchedPath;
}

export class KnownFiles {
  readonly #lose: (reason: LossReason) => void;
  readonly #files = new Map<string, Known>();
  readonly #denied = new Set<string>();
  #textTotal = 0;
  #overflowing = false;
  #failure = '';

  /** `lose` is called once whenever there come to be more files than can be kept in mind. */
  constructor(lose: (reason: LossReason) => void) {
    this.#lose = lose;
  }

  get size(): number {
    return this.#files.size;
  }

  /** In words, or empty. */
  get problem(): string {
    const denied =
      this.#denied.size > 0
        ? `${this.#denied.size} files cannot be read, such as ${[...this.#denied][0]}: run as root`
        : '';
    const many = this.#overflowing ? `more than ${FILES_MAX} files; the others are not watched` : '';
    return [this.#failure, denied, many].filter(Boolean).join('; ');
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  entries(): [string, Known][] {
    return [...this.#files];
  }

  snapshots(): Map<string, Snapshot> {
    return new Map(this.#files.entries().map(([path, { snapshot }]) => [path, snapshot]));
  }

  /** Looks at a file again; undefined where nothing about it changed. */
  look(path: string, watched: WatchedPath): { before: Snapshot | null; after: Snapshot | null } | undefined {
    const before = this.#files.get(path)?.snapshot ?? null;
    const after = this.#take(path, watched, before);
    if (before === after) return undefined;
    if (!this.#remember(path, watched, after)) return undefined;
    return { before, after };
  }

  #take(path: string, watched: WatchedPath, before: Snapshot | null): Snapshot | null {
    try {
      const snapshot = takeSnapshot(path, watched.root, before);
      if (snapshot?.readable === false) this.#deny(path);
      else this.#denied.delete(path);
      return snapshot;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') this.#deny(path);
      else this.#failure = `${path}: ${(error as Error).message}`;
      return before;
    }
  }

  #deny(path: string): void {
    if (this.#denied.size < DENIED_MAX) this.#denied.add(path);
  }

  /** False where there is no room: a file that was never known must not come and go in events either. */
  #remember(path: string, watched: WatchedPath, snapshot: Snapshot | null): boolean {
    const before = this.#files.get(path);
    if (snapshot && !before && this.#files.size >= FILES_MAX) {
      if (!this.#overflowing) this.#lose('queue_shed');
      this.#overflowing = true;
      return false;
    }
    this.#textTotal -= before?.snapshot.text?.length ?? 0;
    if (!snapshot) {
      this.#files.delete(path);
      this.#denied.delete(path);
      this.#overflowing = false;
      return true;
    }
    // Files of the system that are watched by name are few, and accounts are read from two of them.
    const system = watched.depth === 0 && watched.home === undefined;
    const room = system || this.#textTotal + (snapshot.text?.length ?? 0) <= TEXT_TOTAL_MAX;
    const kept = room ? snapshot : { ...snapshot, text: null };
    this.#textTotal += kept.text?.length ?? 0;
    this.#files.set(path, { snapshot: kept, watched });
    return true;
  }
}
