// inotify on the directory of a log, and on that of the file behind a symbolic link: renames, creations and writes all arrive there.
import { type FSWatcher, realpathSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Calls `changed` for anything that may concern the log, including files named after it. A missing directory is tried again. */
export class LogWatch {
  readonly #path: string;
  readonly #changed: () => void;
  readonly #watchers = new Map<string, { base: string; watcher: FSWatcher }>();

  constructor(path: string, changed: () => void) {
    this.#path = path;
    this.#changed = changed;
  }

  /** Watches what should be watched by now: cheap when nothing changed. */
  refresh(): void {
    const wanted = new Map([[dirname(this.#path), basename(this.#path)]]);
    try {
      const real = realpathSync(this.#path);
      if (real !== this.#path && dirname(real) !== dirname(this.#path)) wanted.set(dirname(real), basename(real));
      else if (basename(real) !== basename(this.#path)) wanted.set(dirname(real), ''); // both names, in one directory
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    for (const [directory, { base, watcher }] of this.#watchers) {
      if (wanted.get(directory) === base) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const [directory, base] of wanted) if (!this.#watchers.has(directory)) this.#open(directory, base);
  }

  close(): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #open(directory: string, base: string): void {
    let watcher: FSWatcher;
    try {
      watcher = watch(directory, { persistent: true }, (_event, name) => {
        if (name === null || name.startsWith(base)) this.#changed();
      });
    } catch (error) {
      if (isMissing(error) || isLimit(error)) return; // the follower's timer looks without it
      throw error;
    }
    // A watched directory that goes away ends its watcher; the next refresh opens another.
    watcher.on('error', () => {
      watcher.close();
      if (this.#watchers.get(directory)?.watcher === watcher) this.#watchers.delete(directory);
    });
    this.#watchers.set(directory, { base, watcher });
  }
}

const code = (error: unknown) => (error as NodeJS.ErrnoException).code;
const isMissing = (error: unknown) => code(error) === 'ENOENT' || code(error) === 'ENOTDIR';
const isLimit = (error: unknown) => code(error) === 'ENOSPC' || code(error) === 'EMFILE';
