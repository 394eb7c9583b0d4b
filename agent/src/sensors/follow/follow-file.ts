// Follows one log through appends, rotation, truncation and restarts.
//
// State: `logs`, oldest first. At most one is `live` (what the path names); `retired` ones were rotated and are read until their
// writers have let go; `cut` ones were truncated and only wait for their lines to become durable. The cursor holds a position for each.
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Loss, LossReason } from '@threatguard/proto';
import type { Checkpoints } from '../sensor.ts';
import {
  type Cursor,
  decodeCursor,
  encodeCursor,
  type FilePosition,
  newerOf,
  readCursor,
  writeCursor,
} from './cursor.ts';
import type { Line } from './line-splitter.ts';
import { LogWatch } from './log-watch.ts';
import { OpenLog } from './open-log.ts';
import { planResume } from './resume.ts';
import { holds, listRotated } from './rotated.ts';

export interface FollowOptions {
  path: string;
  /** Where the position is kept; its directory is made. */
  cursorFile: string;
  /** Where it is kept with the events, under the name of that file. */
  checkpoints: Checkpoints;
  /** Named in losses. */
  sensor: string;
  /** The longest line handed on whole; that of syslog unless given. */
  lineBytesMax?: number;
  /** `durable` is to be called when the line's events go into the spool, or at once where it holds none. */
  onLine(line: string, durable: () => void): void;
  lose(loss: Loss): void;
}

/** inotify tells within a millisecond; this finds what it does not tell: other mounts, a directory made later. */
const POLL_MS = 1000;
/** How long after a rotation a writer may still hold the old file: logrotate signals it within moments. */
const RETIRED_MS = 5000;
/** The cursor file is at most this far behind what is durable; the spool is not at all. */
const SAVE_MS = 200;
/** Read in one turn of the event loop, so that an old log does not hold up the other sensors. */
const TURN_BYTES_MAX = 1024 * 1024;
/** Lines handed on and not durable yet. At this many reading pauses: the log itself is the queue. */
const PENDING_LINES_MAX = 65_536;

interface FollowedLog {
  log: OpenLog;
  state: 'live' | 'retired' | 'cut';
  retiredAtMs: number;
}

/** Starts at the saved position; with none at the end of the log, and at its beginning where it comes to be later. */
export async function followFile(options: FollowOptions): Promise<FileFollower> {
  const follower = new FileFollower(options);
  await follower.start();
  return follower;
}

export class FileFollower {
  readonly #options: FollowOptions;
  readonly #watch: LogWatch;
  readonly #logs: FollowedLog[] = [];
  /** Inodes of rotations that are no news: there at the start, or read by us. */
  readonly #seen = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #resuming = false;
  #stopped = false;
  #problem = '';
  /** Where the last run stopped, until reading goes on from there; so long no other position may take its place. */
  #saved: FilePosition[] | undefined;
  /** Of the newest cursor taken. */
  #revision = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
    this.#watch = new LogWatch(options.path, () => this.#pump());
  }

  /** What is wrong, in words; empty while the log is being read. */
  get problem(): string {
    if (this.#problem) return this.#problem;
    return this.#live ? '' : `waiting for ${this.#options.path}`;
  }

  async start(): Promise<void> {
    const { cursorFile, checkpoints } = this.#options;
    const name = basename(cursorFile);
    const cursor = newerOf(await readCursor(cursorFile), decodeCursor(checkpoints.recovered(name) ?? ''));
    this.#revision = cursor?.revision ?? 0;
    this.#saved = cursor?.files;
    if (!cursor) this.#startAtEnd();
    checkpoints.register(name, () => (this.#saved ? undefined : encodeCursor(this.#takeCursor())));
    this.#look();
    await this.#save();
    this.#timer = setInterval(() => this.#look(), POLL_MS);
  }

  /** Safe twice. Lines that become durable afterwards still move the position that goes into the spool. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    clearTimeout(this.#saveTimer);
    this.#watch.close();
    for (const { log } of this.#logs) log.close();
    await this.#saving;
    await this.#save();
  }

  get #live(): FollowedLog | undefined {
    return this.#logs.find(({ state }) => state === 'live');
  }

  #startAtEnd(): void {
    try {
      this.#openLive('end');
      this.#noteRotations();
    } catch (error) {
      this.#problem = describe(error);
    }
  }

  /** Where it fails it is as if it had not begun. */
  #resume(positions: FilePosition[]): void {
    try {
      const { path, cursorFile } = this.#options;
      const plan = planResume({ path, cursorFile, positions });
      for (const rotated of plan.rotated) this.#open(rotated.path, rotated.offset, 'retired');
      this.#openLive(plan.liveFrom);
      this.#noteRotations();
      this.#saved = undefined;
      for (let n = 0; n < plan.lost; n++) this.#lose('rotation_skipped');
    } catch (error) {
      for (const { log } of this.#logs.splice(0)) log.close();
      throw error;
    }
  }

  #openLive(from: number | 'end'): boolean {
    if (!statSync(this.#options.path, { throwIfNoEntry: false })) return false;
    this.#open(this.#options.path, from, 'live');
    return true;
  }

  #open(path: string, from: number | 'end', state: 'live' | 'retired'): void {
    const log = new OpenLog(path, from, this.#options.lineBytesMax);
    this.#logs.push({ log, state, retiredAtMs: Date.now() });
    this.#seen.add(log.inode);
  }

  #noteRotations(): void {
    for (const file of listRotated(this.#options.path)) this.#seen.add(file.inode);
  }

  #look(): void {
    try {
      if (this.#saved) this.#resume(this.#saved);
      this.#watch.refresh();
      this.#pump();
    } catch (error) {
      this.#problem = describe(error);
    }
  }

  #pump(): void {
    if (this.#stopped || this.#resuming) return;
    try {
      let budget = TURN_BYTES_MAX;
      do {
        for (const followed of [...this.#logs]) budget = this.#drain(followed, budget);
        if (budget <= 0 || this.#pendingLines() >= PENDING_LINES_MAX) {
          if (budget <= 0) this.#pumpSoon();
          return;
        }
      } while (this.#switchLog());
      this.#closeRetired();
      this.#problem = '';
    } catch (error) {
      this.#problem = describe(error); // tried again by the timer
    }
  }

  #pumpSoon(): void {
    this.#resuming = true;
    setImmediate(() => {
      this.#resuming = false;
      this.#pump();
    });
  }

  /** Reads to the end of the log, or until the turn is used up. */
  #drain(followed: FollowedLog, budget: number): number {
    if (followed.state === 'cut') return budget;
    if (followed.log.wasTruncated()) {
      this.#restart(followed);
      return budget;
    }
    let left = budget;
    while (left > 0 && this.#pendingLines() < PENDING_LINES_MAX) {
      const { lines, bytes } = followed.log.read();
      if (bytes === 0) break;
      for (const line of lines) this.#handOn(followed.log, line);
      left -= bytes;
    }
    return left;
  }

  #handOn(log: OpenLog, line: Line): void {
    if (line.oversized) this.#lose('line_oversized');
    this.#options.onLine(
      line.text,
      log.deliver(line, () => this.#durableMoved()),
    );
  }

  /** The same inode begins anew. What a copytruncate saved beyond our position is read from the copy. */
  #restart(cut: FollowedLog): void {
    const { state, retiredAtMs } = cut;
    cut.state = 'cut';
    const reached = { ...cut.log.position(), offset: cut.log.deliveredTo };
    const copy = listRotated(this.#options.path).find(
      (file) => !this.#seen.has(file.inode) && reached.prefixBytes > 0 && holds(file.path, file.size, reached),
    );
    if (copy) this.#open(copy.path, reached.offset, 'retired');
    this.#openRotatedBetween();
    // By descriptor: the path may already name another file.
    this.#logs.push({ log: cut.log.reopen(), state, retiredAtMs });
    this.#durableMoved();
  }

  /** Whether the path now names another file than before; then there is something new to read. */
  #switchLog(): boolean {
    const live = this.#live;
    const current = statSync(this.#options.path, { bigint: true, throwIfNoEntry: false });
    if (!current || String(current.ino) === live?.log.inode) return live?.log.hasMore() ?? false;
    if (live) {
      live.state = 'retired';
      live.retiredAtMs = Date.now();
      this.#openRotatedBetween();
    }
    const opened = this.#openLive(0);
    this.#watch.refresh();
    this.#durableMoved();
    return opened;
  }

  /** Two rotations in one moment leave a file that was never at the path while we looked. */
  #openRotatedBetween(): void {
    for (const file of listRotated(this.#options.path)) {
      if (this.#seen.has(file.inode)) continue;
      const isCopy = this.#logs.some(({ log }) => {
        const begin = { ...log.position(), offset: 0 };
        return begin.prefixBytes > 0 && holds(file.path, file.size, begin);
      });
      if (isCopy) this.#seen.add(file.inode);
      else this.#open(file.path, 0, 'retired');
    }
  }

  #closeRetired(): void {
    const nowMs = Date.now();
    for (const followed of [...this.#logs]) {
      if (followed.state === 'live') continue;
      if (followed.state === 'retired') {
        if (nowMs - followed.retiredAtMs < RETIRED_MS) continue;
        const rest = followed.log.finish();
        if (rest) this.#handOn(followed.log, rest);
      }
      if (!followed.log.drained) continue;
      followed.log.close();
      this.#logs.splice(this.#logs.indexOf(followed), 1);
      this.#durableMoved();
    }
  }

  #pendingLines(): number {
    let lines = 0;
    for (const { log } of this.#logs) lines += log.pendingLines;
    return lines;
  }

  #lose(reason: LossReason): void {
    const nowUs = Date.now() * 1000;
    this.#options.lose({ sensor: this.#options.sensor, reason, count: 1, firstAtUs: nowUs, lastAtUs: nowUs });
  }

  #takeCursor(): Cursor {
    this.#revision++;
    return { revision: this.#revision, files: this.#logs.map(({ log }) => log.position()) };
  }

  #durableMoved(): void {
    if (this.#stopped) return;
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      void this.#save();
      if (this.#pendingLines() < PENDING_LINES_MAX) this.#pump(); // reading may have paused for them
    }, SAVE_MS);
  }

  #save(): Promise<void> {
    if (this.#saved) return this.#saving;
    const cursor = this.#takeCursor();
    this.#saving = this.#saving
      .then(() => writeCursor(this.#options.cursorFile, cursor))
      .catch((error: unknown) => {
        this.#problem = `the position cannot be saved: ${describe(error)}`;
      });
    return this.#saving;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
