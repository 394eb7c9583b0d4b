// inotify on every directory that holds something watched. A directory that does not exist yet is waited for at its nearest parent.
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { directoriesBelow, isDirectory, mountPoints, readEntries, readText } from './directories.ts';
import type { WatchedPath } from './watched-paths.ts';

/** Directories watched at once; the built-in list and a few hundred homes stay far below. */
const DIRECTORIES_MAX = 8192;
/** inotify(7): the default of max_queued_events, where /proc does not say. */
const QUEUED_EVENTS_DEFAULT = 16_384;

/** What matters in a directory: everything (as part of a tree), or some names. */
interface Wanted {
  tree: WatchedPath | undefined;
  names: Map<string, WatchedPath>;
}

export interface TreeWatchParts {
  /** Something moved in a directory; `named` where an entry came, went or was replaced. */
  changed: (directory: string, named: boolean) => void;
  /** The kernel's queue ran over: there were changes that nobody told. */
  overflowed: () => void;
  /** A directory that the kernel, or our own limit, does not let us watch. Once for each. */
  refused: (directory: string, reason: 'kernel_overrun' | 'queue_shed') => void;
}

export class TreeWatch {
  readonly #parts: TreeWatchParts;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #refused = new Set<string>();
  readonly #queuedEventsMax = Number(readText('/proc/sys/fs/inotify/max_queued_events')) || QUEUED_EVENTS_DEFAULT;
  #wanted = new Map<string, Wanted>();
  #turnEvents = 0;
  #turn: NodeJS.Immediate | undefined;

  constructor(parts: TreeWatchParts) {
    this.#parts = parts;
  }

  /** Directories that could not be watched: changes there are found by the slow look alone. */
  get refused(): number {
    return this.#refused.size;
  }

  has(directory: string): boolean {
    return this.#wanted.has(directory);
  }

  /** Watches what exists of `paths` by now, and leaves what is gone. Gives the directories that were not watched before. */
  refresh(paths: WatchedPath[]): string[] {
    const before = this.#wanted;
    this.#wanted = new Map();
    const mounts = mountPoints();
    for (const watched of paths) this.#want(watched, mounts);
    for (const [directory, watcher] of this.#watchers) {
      if (this.#wanted.has(directory) && existsSync(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    for (const directory of this.#refused) if (!this.#wanted.has(directory)) this.#refused.delete(directory);
    for (const directory of this.#wanted.keys()) if (!this.#watchers.has(directory)) this.#open(directory);
    return [...this.#wanted.keys()].filter((directory) => !before.has(directory));
  }

  /** The watched files of some directories, or of all, each with what it is watched as. */
  *files(directories: Iterable<string> = this.#wanted.keys()): Generator<[string, WatchedPath]> {
    for (const directory of directories) {
      const wanted = this.#wanted.get(directory);
      if (!wanted) continue;
      for (const [name, watched] of wanted.names) if (watched.depth === 0) yield [join(directory, name), watched];
      if (!wanted.tree) continue;
      for (const entry of readEntries(directory))
        if (!entry.isDirectory() && wanted.names.get(entry.name)?.depth !== 0)
          yield [join(directory, entry.name), wanted.tree];
    }
  }

  close(): void {
    clearImmediate(this.#turn);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #want(watched: WatchedPath, mounts: ReadonlySet<string>): void {
    const top = nearestDirectory(watched.depth > 0 ? watched.path : dirname(watched.path));
    if (watched.depth > 0 && top === watched.path) {
      const below = directoriesBelow(top, watched.depth - 1, mounts);
      for (const directory of [top, ...below]) this.#at(directory).tree ??= watched;
      return;
    }
    if (watched.depth === 0 && top === dirname(watched.path)) {
      this.#at(top).names.set(basename(watched.path), watched);
      return;
    }
    const [next = ''] = watched.path.slice(top === '/' ? 1 : top.length + 1).split('/');
    const { names } = this.#at(top);
    // Only waited for: what stands there is a directory to come, or something else's business.
    if (!names.has(next)) names.set(next, { ...watched, depth: Math.max(1, watched.depth) });
  }

  #at(directory: string): Wanted {
    let wanted = this.#wanted.get(directory);
    if (!wanted) {
      wanted = { tree: undefined, names: new Map() };
      this.#wanted.set(directory, wanted);
    }
    return wanted;
  }

  #open(directory: string): void {
    if (this.#watchers.size >= DIRECTORIES_MAX) {
      this.#refuse(directory, 'queue_shed');
      return;
    }
    try {
      const watcher = watch(directory, (event, name) => this.#take(directory, event, name));
      watcher.on('error', () => {
        watcher.close();
        if (this.#watchers.get(directory) === watcher) this.#watchers.delete(directory);
      });
      this.#watchers.set(directory, watcher);
      this.#refused.delete(directory);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // max_user_watches or max_user_instances; anything else is a directory that is gone or not ours to see.
      this.#refuse(directory, code === 'ENOSPC' || code === 'EMFILE' ? 'kernel_overrun' : undefined);
    }
  }

  /** Said in `health`, tried again at each refresh, and counted once where a limit is why. */
  #refuse(directory: string, reason: 'kernel_overrun' | 'queue_shed' | undefined): void {
    if (this.#refused.has(directory)) return;
    this.#refused.add(directory);
    if (reason) this.#parts.refused(directory, reason);
  }

  #take(directory: string, event: string, name: string | null): void {
    this.#countTurn();
    const wanted = this.#wanted.get(directory);
    if (!wanted || (name !== null && !wanted.tree && !wanted.names.has(name))) return;
    this.#parts.changed(directory, event === 'rename');
  }

  /**
   * libuv reads the whole queue in one turn of the event loop and keeps the kernel's word of an overflow (IN_Q_OVERFLOW) to itself. A
   * turn that brings about as many events as the queue holds is therefore taken for one.
   */
  #countTurn(): void {
    this.#turnEvents++;
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      // A sixteenth less: logs that are followed share the queue.
      if (this.#turnEvents >= this.#queuedEventsMax * (15 / 16)) this.#parts.overflowed();
      this.#turnEvents = 0;
    });
  }
}

function nearestDirectory(path: string): string {
  let at = path;
  while (at !== '/' && !isDirectory(at)) at = dirname(at);
  return at;
}
