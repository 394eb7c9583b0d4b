// The files of one log that are open at once.
//
// State: `logs`, oldest first. At most one is `live` (what the path names); `retired` ones were rotated and are read until their
// writers have let go; `cut` ones were truncated and only wait for their lines to become durable. The cursor holds a position for each.
import { statSync } from 'node:fs';
import type { LossReason } from '@threatguard/proto';
import type { FilePosition } from './cursor.ts';
import type { Line } from './line-splitter.ts';
import { OpenLog } from './open-log.ts';
import { type Beginning, beginningOf, holds, listRotated, type RotatedFile } from './rotated.ts';

/** How long after a rotation a writer may still hold the old file: logrotate signals it within moments. */
const RETIRED_MS = 5000;
/** Lines handed on and not durable yet. At this many reading pauses: the log itself is the queue. */
const PENDING_LINES_MAX = 65_536;

export interface LogSetOptions {
  path: string;
  /** The longest line handed on whole; that of syslog unless given. */
  lineBytesMax?: number | undefined;
  onLine(line: string, durable: () => void): void;
  lose(reason: LossReason): void;
  /** A position moved. */
  moved(): void;
}

interface FollowedLog {
  log: OpenLog;
  state: 'live' | 'retired' | 'cut';
  retiredAtMs: number;
}

export class LogSet {
  readonly #options: LogSetOptions;
  readonly #logs: FollowedLog[] = [];
  /** Rotations that are no news, by inode, with what they begin with: there at the start, or read by us. */
  readonly #seen = new Map<string, Beginning>();

  constructor(options: LogSetOptions) {
    this.#options = options;
  }

  get hasLive(): boolean {
    return this.#live !== undefined;
  }

  /** Too many lines wait for the spool. */
  get isFull(): boolean {
    return this.#pendingLines() >= PENDING_LINES_MAX;
  }

  positions(): FilePosition[] {
    return this.#logs.map(({ log }) => log.position());
  }

  /** False where the path names nothing. */
  openLive(from: number | 'end'): boolean {
    if (!statSync(this.#options.path, { throwIfNoEntry: false })) return false;
    this.#open(this.#options.path, from, 'live');
    return true;
  }

  openRetired(path: string, from: number): void {
    this.#open(path, from, 'retired');
  }

  /** The rotations there are now are no news. */
  noteRotations(): void {
    for (const file of listRotated(this.#options.path)) this.#seen.set(file.inode, beginningOf(file.path));
  }

  /** Reads every log to its end, oldest first, or until `budget` bytes are used up. Gives what is left of it. */
  drain(budget: number): number {
    let left = budget;
    for (const followed of [...this.#logs]) left = this.#drain(followed, left);
    return left;
  }

  /** Whether there is something new to read: the path names another file than before, or its file grew. */
  switchLog(): boolean {
    const live = this.#live;
    const current = statSync(this.#options.path, { bigint: true, throwIfNoEntry: false });
    if (!current || String(current.ino) === live?.log.inode) return live?.log.hasMore() ?? false;
    if (live) {
      live.state = 'retired';
      live.retiredAtMs = Date.now();
      this.#openRotatedBetween();
    }
    const opened = this.openLive(0);
    this.#options.moved();
    return opened;
  }

  /** Lets go of files nobody writes any more and whose lines are all durable. */
  closeRetired(): void {
    const nowMs = Date.now();
    for (const followed of [...this.#logs]) {
      if (followed.state === 'live') continue;
      if (followed.state === 'retired') {
        if (nowMs - followed.retiredAtMs < RETIRED_MS) continue;
        const rest = followed.log.finish();
        if (rest) this.#handOn(followed.log, rest);
      }
      if (!followed.log.drained) continue;
      // One that was cut knows only how its inode began before.
      if (followed.state !== 'cut') this.#seen.set(followed.log.inode, followed.log.position());
      followed.log.close();
      this.#logs.splice(this.#logs.indexOf(followed), 1);
      this.#options.moved();
    }
  }

  /** Positions stay readable. */
  close(): void {
    for (const { log } of this.#logs) log.close();
  }

  /** Closes and forgets all: as if nothing had been opened. */
  forget(): void {
    this.close();
    this.#logs.length = 0;
  }

  get #live(): FollowedLog | undefined {
    return this.#logs.find(({ state }) => state === 'live');
  }

  #open(path: string, from: number | 'end', state: 'live' | 'retired'): void {
    const log = new OpenLog(path, from, this.#options.lineBytesMax);
    this.#logs.push({ log, state, retiredAtMs: Date.now() });
    this.#seen.set(log.inode, log.position());
  }

  /** An inode number is given away again once its file is gone, so what a file begins with has its say. */
  #isNews(file: RotatedFile): boolean {
    if (this.#logs.some(({ log }) => log.inode === file.inode)) return false; // its descriptor tells all about it
    const noted = this.#seen.get(file.inode);
    if (!noted) return true;
    return noted.prefixBytes > 0 && !holds(file.path, file.size, { ...noted, inode: file.inode, offset: 0 });
  }

  #drain(followed: FollowedLog, budget: number): number {
    if (followed.state === 'cut') return budget;
    if (followed.log.wasTruncated()) {
      this.#restart(followed);
      return budget;
    }
    let left = budget;
    while (left > 0 && !this.isFull) {
      const { lines, bytes } = followed.log.read();
      if (bytes === 0) break;
      for (const line of lines) this.#handOn(followed.log, line);
      left -= bytes;
    }
    return left;
  }

  #handOn(log: OpenLog, line: Line): void {
    if (line.oversized) this.#options.lose('line_oversized');
    this.#options.onLine(
      line.text,
      log.deliver(line, () => this.#options.moved()),
    );
  }

  /** The same inode begins anew. What a copytruncate saved beyond our position is read from the copy. */
  #restart(cut: FollowedLog): void {
    const { state, retiredAtMs } = cut;
    cut.state = 'cut';
    const reached = { ...cut.log.position(), offset: cut.log.deliveredTo };
    const copy = listRotated(this.#options.path).find(
      (file) => this.#isNews(file) && reached.prefixBytes > 0 && holds(file.path, file.size, reached),
    );
    if (copy) this.#open(copy.path, reached.offset, 'retired');
    this.#openRotatedBetween();
    // By descriptor: the path may already name another file.
    this.#logs.push({ log: cut.log.reopen(), state, retiredAtMs });
    this.#options.moved();
  }

  /** Two rotations in one moment leave a file that was never at the path while we looked. */
  #openRotatedBetween(): void {
    for (const file of listRotated(this.#options.path)) {
      if (!this.#isNews(file)) continue;
      const original = this.#logs.find(({ log }) => {
        const begin = { ...log.position(), offset: 0 };
        return begin.prefixBytes > 0 && holds(file.path, file.size, begin);
      });
      if (!original) this.#open(file.path, 0, 'retired');
      // Of one that was cut and is still to be looked at, the copy may hold what was not read.
      else if (original.state === 'cut' || !original.log.wasTruncated())
        this.#seen.set(file.inode, beginningOf(file.path));
    }
  }

  #pendingLines(): number {
    let lines = 0;
    for (const { log } of this.#logs) lines += log.pendingLines;
    return lines;
  }
}
