// inotify on every directory that holds something watched. A directory that does not exist yet is waited for at its nearest parent.
import { existsSync, type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import type { WatchedPath } from './watched-paths.ts';

/** Directories watched at once; the built-in list and a few hundred homes stay far below. */
const DIRECTORIES_MAX = 4096;

/** Names that matter in a directory; null where all do. */
type Names = Set<string> | null;

export class TreeWatch {
  readonly #changed: (directory: string) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  #wanted = new Map<string, Names>();
  #refused = 0;

  constructor(changed: (directory: string) => void) {
    this.#changed = changed;
  }

  /** Directories that could not be watched: changes there are found by the slow look alone. */
  get refused(): number {
    return this.#refused;
  }

  /** Watches what exists of `paths` by now, and leaves what is gone. */
  refresh(paths: WatchedPath[]): void {
    const wanted = new Map<string, Names>();
    for (const watched of paths) {
      const top = nearestDirectory(watched.depth > 0 ? watched.path : dirname(watched.path));
      if (top === watched.path) {
        for (const directory of [top, ...directoriesBelow(top, watched.depth - 1)]) wanted.set(directory, null);
      } else if (wanted.get(top) !== null) {
        const [next = ''] = watched.path.slice(top === '/' ? 1 : top.length + 1).split('/');
        wanted.set(top, (wanted.get(top) ?? new Set()).add(next));
      }
    }
    this.#wanted = wanted;
    for (const [directory, watcher] of this.#watchers) {
      if (wanted.has(directory) && existsSync(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    this.#refused = 0;
    for (const directory of wanted.keys()) if (!this.#watchers.has(directory)) this.#open(directory);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #open(directory: string): void {
    if (this.#watchers.size >= DIRECTORIES_MAX) {
      this.#refused++;
      return;
    }
    let watcher: FSWatcher;
    try {
      watcher = watch(directory, (_event, name) => {
        const names = this.#wanted.get(directory);
        if (name === null || names === null || names?.has(name)) this.#changed(directory);
      });
    } catch {
      this.#refused++; // said in `health`, and tried again at the next refresh
      return;
    }
    watcher.on('error', () => {
      watcher.close();
      if (this.#watchers.get(directory) === watcher) this.#watchers.delete(directory);
    });
    this.#watchers.set(directory, watcher);
  }
}

function nearestDirectory(path: string): string {
  let at = path;
  while (at !== '/' && !isDirectory(at)) at = dirname(at);
  return at;
}

/** Not where we may not look: an ordinary user watches what he can. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw error;
  }
}

/** Directories inside `top`, `levels` deep. */
export function directoriesBelow(top: string, levels: number): string[] {
  if (levels <= 0) return [];
  const found: string[] = [];
  for (const entry of readEntries(top)) {
    if (!entry.isDirectory()) continue;
    const path = join(top, entry.name);
    found.push(path, ...directoriesBelow(path, levels - 1));
  }
  return found;
}

/** What a directory holds; nothing where it is gone or closed to us. */
export function readEntries(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return [];
    throw error;
  }
}
