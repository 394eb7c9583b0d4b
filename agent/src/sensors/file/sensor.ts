// Changes of critical files. State: `#known` maps each watched file that exists to its last snapshot.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostEvent, SensorHealth } from '@threatguard/proto';
import type { Sensor, SensorSink } from '../sensor.ts';
import { diffGroup, diffPasswd } from './accounts.ts';
import type { ChangeAuthors } from './changed-by.ts';
import { compareSnapshots, type Snapshot, takeSnapshot } from './snapshot.ts';
import { directoriesBelow, readEntries, TreeWatch } from './tree-watch.ts';
import { CRITICAL_PATHS, homePaths, isWatched, type WatchedPath } from './watched-paths.ts';

export interface FileSensorOptions {
  /** Files and directories besides the critical ones. */
  paths?: string[];
  /** Homes whose .ssh/authorized_keys is watched: those of all accounts (default, true), these, or none. */
  homes?: boolean | string[];
  /** In place of the built-in list. */
  criticalPaths?: WatchedPath[];
  /** The host's accounts, passwd(5) and group(5). */
  passwdFile?: string;
  groupFile?: string;
  /** Who did it, where something on this host can say. */
  authors?: ChangeAuthors;
}

/** A rename over a file is several inotify events within a millisecond; one look after this long sees the result. */
const SETTLE_MS = 10;
/** Everything is looked at again this often: what inotify lost, what is on another kind of mount. */
const LOOK_MS = 15_000;
/** Events let through in one second; a package upgrade stays below. The rest is counted as a loss. */
const EVENTS_PER_SECOND_MAX = 500;
/** Files kept in mind. */
const FILES_MAX = 20_000;

export function createFileSensor(options: FileSensorOptions = {}): Sensor {
  return new FileSensor(options);
}

class FileSensor implements Sensor {
  readonly name = 'file';
  readonly #options: FileSensorOptions;
  readonly #passwdFile: string;
  readonly #groupFile: string;
  readonly #watch = new TreeWatch((directory) => this.#lookSoon(directory));
  readonly #known = new Map<string, Snapshot>();
  readonly #dirty = new Set<string>();
  readonly #denied = new Set<string>();
  #watched: WatchedPath[] = [];
  #settleTimer: NodeJS.Timeout | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #sink: SensorSink | undefined;
  #second = { start: 0, events: 0 };
  #events = 0;
  #problem = '';

  constructor(options: FileSensorOptions) {
    this.#options = options;
    this.#passwdFile = options.passwdFile ?? '/etc/passwd';
    this.#groupFile = options.groupFile ?? '/etc/group';
  }

  async start(sink: SensorSink): Promise<void> {
    this.#refresh();
    for (const path of this.#listFiles()) this.#remember(path, this.#take(path));
    this.#sink = sink;
    await this.#options.authors?.watch(this.#watched);
    this.#lookTimer = setInterval(() => this.#lookAtAll(), LOOK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#lookTimer);
    clearTimeout(this.#settleTimer);
    this.#watch.close();
    await this.#options.authors?.stop();
    this.#sink = undefined;
  }

  health(): SensorHealth {
    const unwatched =
      this.#watch.refused > 0 ? `${this.#watch.refused} directories are looked at only every ${LOOK_MS / 1000} s` : '';
    const denied =
      this.#denied.size > 0
        ? `${this.#denied.size} files cannot be read, such as ${[...this.#denied][0]}: run as root`
        : '';
    const detail = [this.#problem, denied, unwatched].filter(Boolean).join('; ');
    const state = !this.#sink ? 'stopped' : detail ? 'degraded' : 'running';
    return { sensor: this.name, source: `inotify, ${this.#known.size} files`, state, detail, events: this.#events };
  }

  #refresh(): void {
    const { paths = [], homes = true, criticalPaths = CRITICAL_PATHS } = this.#options;
    const homeList = homes === true ? listHomes(this.#passwdFile) : homes || [];
    // A path that was named may be a file or a directory, now or later: both are watched for.
    const named = paths.flatMap((path) => [
      { path, depth: 0 },
      { path, depth: 1 },
    ]);
    this.#watched = [...criticalPaths, ...named, ...homeList.flatMap(homePaths)];
    this.#watch.refresh(this.#watched);
  }

  #listFiles(): Set<string> {
    const files = new Set<string>();
    for (const { path, depth } of this.#watched) {
      if (depth === 0) files.add(path);
      for (const directory of depth > 0 ? [path, ...directoriesBelow(path, depth - 1)] : []) {
        for (const entry of readEntries(directory)) if (!entry.isDirectory()) files.add(join(directory, entry.name));
      }
    }
    return files;
  }

  #lookSoon(directory: string): void {
    this.#dirty.add(directory);
    this.#settleTimer ??= setTimeout(() => {
      this.#settleTimer = undefined;
      this.#look();
    }, SETTLE_MS);
  }

  /** Looks at the directories where something moved; a directory that came or went changes what is watched. */
  #look(): void {
    const dirty = new Set(this.#dirty);
    this.#dirty.clear();
    try {
      this.#refresh();
      const candidates = [...this.#listFiles(), ...this.#known.keys()];
      const isNear = (path: string) => dirty.has(dirname(path)) || !this.#known.has(path);
      for (const path of new Set(candidates)) if (isNear(path)) this.#compare(path);
    } catch (error) {
      this.#problem = (error as Error).message; // the slow look tries again
    }
  }

  #lookAtAll(): void {
    try {
      this.#problem = '';
      this.#refresh();
      for (const path of new Set([...this.#listFiles(), ...this.#known.keys()])) this.#compare(path);
    } catch (error) {
      this.#problem = (error as Error).message;
    }
  }

  #compare(path: string): void {
    const before = this.#known.get(path) ?? null;
    const after = this.#take(path);
    if (before === after || (after === null && before === null)) return;
    this.#remember(path, after);
    if (!this.#watched.some((watched) => isWatched(watched, path))) return;
    const nowUs = Date.now() * 1000;
    const event = compareSnapshots(path, before, after, nowUs);
    if (!event) return;
    const author = this.#options.authors?.changedBy(path, nowUs);
    for (const change of [event, ...this.#accountChanges(path, before, after, nowUs)])
      this.#emit(author ? { ...change, ...author, missing: [] } : change);
  }

  #accountChanges(path: string, before: Snapshot | null, after: Snapshot | null, nowUs: number): HostEvent[] {
    const diff = path === this.#passwdFile ? diffPasswd : path === this.#groupFile ? diffGroup : undefined;
    // A file that is gone for a moment, or too large to keep, says nothing about accounts.
    if (!diff || before?.text == null || after?.text == null) return [];
    return diff({ path, before: before.text, after: after.text }, nowUs);
  }

  #take(path: string): Snapshot | null {
    const before = this.#known.get(path) ?? null;
    try {
      const snapshot = takeSnapshot(path, before);
      if (snapshot?.readable === false) this.#denied.add(path);
      else this.#denied.delete(path);
      return snapshot;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') this.#denied.add(path);
      else this.#problem = `${path}: ${(error as Error).message}`;
      return before;
    }
  }

  #remember(path: string, snapshot: Snapshot | null): void {
    if (!snapshot) this.#known.delete(path);
    else if (this.#known.size < FILES_MAX || this.#known.has(path)) this.#known.set(path, snapshot);
    else this.#problem = `more than ${FILES_MAX} files; the others are not watched`;
  }

  #emit(event: HostEvent): void {
    const nowMs = Date.now();
    if (nowMs - this.#second.start >= 1000) this.#second = { start: nowMs, events: 0 };
    this.#second.events++;
    if (this.#second.events > EVENTS_PER_SECOND_MAX) {
      const at = nowMs * 1000;
      this.#sink?.lose({ sensor: event.sensor, reason: 'queue_shed', count: 1, firstAtUs: at, lastAtUs: at });
      return;
    }
    this.#events++;
    this.#sink?.emit(event);
  }
}

/** Homes of all accounts that have one; of a host without the file, none. */
function listHomes(passwdFile: string): string[] {
  let text: string;
  try {
    text = readFileSync(passwdFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const homes = text.split('\n').map((line) => line.split(':')[5] ?? '');
  return [...new Set(homes)].filter((home) => home.startsWith('/') && home !== '/' && home !== '/nonexistent');
}
