// Changes of critical files. `KnownFiles` remembers how each stood; inotify says where to look, a slow look finds what it did not say.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { HostEvent, LossReason, SensorHealth } from '@threatguard/proto';
import type { Sensor, SensorSink } from '../sensor.ts';
import { diffGroup, diffPasswd } from './accounts.ts';
import { BaselineFile } from './baseline-file.ts';
import { changeEvent } from './change-event.ts';
import { ChangeFold } from './change-fold.ts';
import type { ChangeAuthors } from './changed-by.ts';
import { listHomes } from './homes.ts';
import { KnownFiles } from './known-files.ts';
import type { Snapshot } from './snapshot.ts';
import { TreeWatch } from './tree-watch.ts';
import { CRITICAL_PATHS, homePaths, namedPaths, type WatchedPath, watchKey, webRoot } from './watched-paths.ts';

export interface FileSensorOptions {
  /** Files and directories besides the critical ones. */
  paths?: string[];
  /** Trees that a web server serves. */
  webRoots?: string[];
  /** Homes whose ssh and shell files are watched: those of all accounts (default, true), these, or none. */
  homes?: boolean | string[];
  /** In place of the built-in list. */
  criticalPaths?: WatchedPath[];
  /** The host's accounts, passwd(5) and group(5). */
  passwdFile?: string;
  groupFile?: string;
  /** Where it is kept how the files stood; without it what changes while the agent does not run is not found. */
  stateFile?: string;
  /** Who did it, where something on this host can say. Asked for each change, as soon as it is seen. */
  authors?: ChangeAuthors | undefined;
}

/** A rename over a file is several inotify events within a millisecond; one look after this long sees the result. */
const SETTLE_MS = 10;
/** After a look that took long, this many times as long is waited: a flood may take a fifth of one core, no more. */
const REST_FACTOR = 4;
const REST_MS_MAX = 2000;
/** Everything is looked at again this often: what inotify lost, what is on another kind of mount. */
const LOOK_MS = 15_000;

export function createFileSensor(options: FileSensorOptions = {}): Sensor {
  return new FileSensor(options);
}

class FileSensor implements Sensor {
  readonly name = 'file';
  readonly #options: FileSensorOptions;
  readonly #passwdFile: string;
  readonly #groupFile: string;
  readonly #watch = new TreeWatch({
    changed: (directory, named) => this.#lookSoon(directory, named),
    overflowed: () => this.#overflowed(),
    refused: (_directory, reason) => this.#lose(reason),
  });
  readonly #fold = new ChangeFold((event) => this.#emit(event));
  readonly #known = new KnownFiles((reason) => this.#lose(reason));
  readonly #dirty = new Set<string>();
  readonly #baseline: BaselineFile | undefined;
  #watched: WatchedPath[] = [];
  /** An entry came or went since the watches were last made. */
  #stale = false;
  #overrun = false;
  #restUntilMs = 0;
  #settleTimer: NodeJS.Timeout | undefined;
  #lookTimer: NodeJS.Timeout | undefined;
  #sink: SensorSink | undefined;
  #events = 0;
  #pending = 0;
  #problem = '';

  constructor(options: FileSensorOptions) {
    this.#options = options;
    this.#passwdFile = options.passwdFile ?? '/etc/passwd';
    this.#groupFile = options.groupFile ?? '/etc/group';
    this.#baseline = options.stateFile
      ? new BaselineFile(options.stateFile, {
          read: () => ({ watched: new Set(this.#watched.map(watchKey)), files: this.#known.snapshots() }),
          keepsText: (path) => path === this.#passwdFile || path === this.#groupFile,
          isSettled: () => this.#pending === 0 && this.#fold.isEmpty,
        })
      : undefined;
  }

  async start(sink: SensorSink): Promise<void> {
    this.#sink = sink;
    this.#refresh();
    for (const [path, watched] of this.#watch.files()) this.#known.look(path, watched);
    if (this.#options.stateFile) {
      mkdirSync(dirname(this.#options.stateFile), { recursive: true, mode: 0o700 });
      this.#tellDowntime();
      this.#baseline?.saveSoon();
    }
    await this.#options.authors?.watch(this.#watched);
    this.#lookTimer = setInterval(() => this.#lookAtAll(), LOOK_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#lookTimer);
    clearTimeout(this.#settleTimer);
    this.#watch.close();
    await this.#options.authors?.stop();
    if (!this.#sink) return;
    this.#fold.flush();
    this.#sink = undefined;
    await this.#baseline?.close();
  }

  health(): SensorHealth {
    const unwatched =
      this.#watch.refused > 0 ? `${this.#watch.refused} directories are looked at only every ${LOOK_MS / 1000} s` : '';
    const { problem } = this.#known;
    const defects = [this.#problem, problem, unwatched, this.#baseline?.problem].filter(Boolean);
    const state = !this.#sink ? 'stopped' : defects.length > 0 ? 'degraded' : 'running';
    // Every change is told all the same, without who made it.
    const detail = [...defects, this.#options.authors?.problem].filter(Boolean).join('; ');
    return { sensor: this.name, source: `inotify, ${this.#known.size} files`, state, detail, events: this.#events };
  }

  #refresh(): string[] {
    const { paths = [], webRoots = [], homes = true, criticalPaths = CRITICAL_PATHS } = this.#options;
    const homeList = homes === true ? listHomes(this.#passwdFile) : homes || [];
    const named = [...paths.flatMap(namedPaths), ...webRoots.map(webRoot)];
    this.#watched = [...criticalPaths, ...named, ...homeList.flatMap(homePaths)];
    this.#stale = false;
    return this.#watch.refresh(this.#watched);
  }

  #tellDowntime(): void {
    const before = this.#baseline?.load();
    if (!before) return;
    const nowUs = Date.now() * 1000;
    for (const [path, { watched, snapshot }] of this.#known.entries()) {
      const known = before.files.get(path) ?? null;
      if (known || before.watched.has(watchKey(watched)))
        this.#tell(path, watched, { before: known, after: snapshot, atUs: nowUs, sensor: 'file.downtime' });
    }
    for (const [path, snapshot] of before.files) {
      if (this.#known.has(path) || !this.#watch.has(dirname(path))) continue;
      this.#tell(path, undefined, { before: snapshot, after: null, atUs: nowUs, sensor: 'file.downtime' });
    }
  }

  #overflowed(): void {
    this.#lose('kernel_overrun');
    this.#overrun = true;
    this.#lookSoon('/', true);
  }

  #lookSoon(directory: string, named: boolean): void {
    this.#dirty.add(directory);
    this.#stale ||= named;
    this.#settleTimer ??= setTimeout(
      () => {
        this.#settleTimer = undefined;
        this.#look();
      },
      Math.max(SETTLE_MS, this.#restUntilMs - performance.now()),
    );
  }

  /** Looks at the directories where something moved; an entry that came or went may change what is watched. */
  #look(): void {
    const startedMs = performance.now();
    const directories = new Set(this.#dirty);
    this.#dirty.clear();
    if (this.#overrun) this.#lookAtAll();
    else this.#guard(() => this.#lookAt(directories));
    const nowMs = performance.now();
    this.#restUntilMs = nowMs + Math.min(REST_MS_MAX, (nowMs - startedMs) * REST_FACTOR);
  }

  #lookAt(directories: Set<string>): void {
    if (this.#stale) for (const directory of this.#refresh()) directories.add(directory);
    for (const [path, watched] of this.#watch.files(directories)) this.#compare(path, watched);
    for (const [path, { watched }] of this.#known.entries()) {
      const directory = dirname(path);
      if (directories.has(directory) || !this.#watch.has(directory)) this.#compare(path, watched);
    }
  }

  #lookAtAll(): void {
    this.#problem = '';
    this.#overrun = false;
    this.#guard(() => {
      this.#refresh();
      for (const [path, watched] of this.#watch.files()) this.#compare(path, watched);
      for (const [path, { watched }] of this.#known.entries()) this.#compare(path, watched);
    });
  }

  /** A look that fails is said in `health`; the slow look tries again. */
  #guard(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#problem = (error as Error).message;
    }
  }

  #compare(path: string, watched: WatchedPath): void {
    const change = this.#known.look(path, watched);
    if (change) this.#tell(path, watched, { ...change, atUs: Date.now() * 1000, sensor: 'file.watch' });
  }

  #tell(path: string, watched: WatchedPath | undefined, change: TimedChange): void {
    const event = changeEvent({ path, ...change });
    if (!event) return;
    const by = change.sensor === 'file.watch' ? this.#options.authors?.changedBy(path, change.atUs) : undefined;
    this.#fold.add(by ? { ...event, ...by, missing: [] } : event, watched?.depth === 0);
    for (const account of this.#accountChanges(path, change))
      this.#emit(by ? { ...account, ...by, missing: [] } : account);
    this.#baseline?.saveSoon();
    // An account more is a home more to watch.
    if (path === this.#passwdFile && change.sensor === 'file.watch') this.#lookSoon(dirname(path), true);
  }

  #accountChanges(path: string, { before, after, atUs }: TimedChange): HostEvent[] {
    const diff = path === this.#passwdFile ? diffPasswd : path === this.#groupFile ? diffGroup : undefined;
    // A file that is gone for a moment, or too large to keep, says nothing about accounts.
    if (!diff || before?.text == null || after?.text == null) return [];
    return diff({ path, before: before.text, after: after.text }, atUs);
  }

  #emit(event: HostEvent): void {
    if (!this.#sink) return;
    this.#events++;
    this.#pending++;
    this.#sink.emit(event, () => {
      this.#pending--;
    });
  }

  #lose(reason: LossReason): void {
    const atUs = Date.now() * 1000;
    this.#sink?.lose({ sensor: 'file.watch', reason, count: 1, firstAtUs: atUs, lastAtUs: atUs });
  }
}

interface TimedChange {
  before: Snapshot | null;
  after: Snapshot | null;
  atUs: number;
  sensor: string;
}
