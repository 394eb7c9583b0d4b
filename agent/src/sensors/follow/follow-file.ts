// Follows one log through appends, rotation, truncation and restarts: when to look, and when to read.
import { statSync } from 'node:fs';
import type { Loss, LossReason } from '@threatguard/proto';
import type { Checkpoints } from '../sensor.ts';
import type { FilePosition } from './cursor.ts';
import { LogSet } from './log-set.ts';
import { LogWatch } from './log-watch.ts';
import { PositionKeeper } from './position-keeper.ts';
import { planResume } from './resume.ts';

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
/** Read in one turn of the event loop, so that an old log does not hold up the other sensors. */
const TURN_BYTES_MAX = 1024 * 1024;
/** A rotation while the plan was made makes it anew, this often. */
const PLANS_MAX = 4;

/** Starts at the saved position; with none at the end of the log, and at its beginning where it comes to be later. */
export async function followFile(options: FollowOptions): Promise<FileFollower> {
  const follower = new FileFollower(options);
  await follower.start();
  return follower;
}

export class FileFollower {
  readonly #options: FollowOptions;
  readonly #watch: LogWatch;
  readonly #logs: LogSet;
  readonly #keeper: PositionKeeper;
  #timer: NodeJS.Timeout | undefined;
  #isTurnPlanned = false;
  #isResuming = false;
  #stopped = false;
  #problem = '';
  /** Where the last run stopped, until reading goes on from there; so long no other position may take its place. */
  #saved: FilePosition[] | undefined;

  constructor(options: FollowOptions) {
    const { path, cursorFile, checkpoints, onLine, lineBytesMax } = options;
    this.#options = options;
    this.#watch = new LogWatch(path, () => this.#pump());
    this.#logs = new LogSet({
      path,
      lineBytesMax,
      onLine,
      lose: (reason) => this.#lose(reason),
      moved: () => this.#keeper.moved(),
    });
    this.#keeper = new PositionKeeper({
      cursorFile,
      checkpoints,
      positions: () => (this.#saved ? undefined : this.#logs.positions()),
      onSaved: () => this.#pump(), // reading may have paused for lines that were not durable
    });
  }

  /** What is wrong, in words; empty while the log is being read. */
  get problem(): string {
    if (this.#problem || this.#keeper.problem) return this.#problem || this.#keeper.problem;
    return this.#logs.hasLive ? '' : `waiting for ${this.#options.path}`;
  }

  async start(): Promise<void> {
    const cursor = await this.#keeper.recover();
    this.#saved = cursor?.files;
    if (!cursor) this.#startAtEnd();
    this.#keeper.register();
    await this.#look();
    await this.#keeper.save();
    this.#timer = setInterval(() => void this.#look(), POLL_MS);
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#watch.close();
    this.#logs.close();
    await this.#keeper.stop();
  }

  #startAtEnd(): void {
    try {
      this.#logs.openLive('end');
      this.#logs.noteRotations();
    } catch (error) {
      this.#problem = describe(error);
    }
  }

  /** Where it fails it is as if it had not begun. */
  async #resume(positions: FilePosition[]): Promise<void> {
    const { path, cursorFile } = this.#options;
    for (let tries = 1; ; tries++) {
      const planned = inodeOf(path);
      const plan = await planResume({ path, cursorFile, positions });
      try {
        // Until here nothing was opened at the path, and unpacking takes its time.
        if (this.#stopped) return;
        if (inodeOf(path) !== planned && tries < PLANS_MAX) continue;
        for (const rotated of plan.rotated) this.#logs.openRetired(rotated.path, rotated.offset);
        this.#logs.openLive(plan.liveFrom);
        this.#logs.noteRotations();
        this.#saved = undefined;
        for (let n = 0; n < plan.lost; n++) this.#lose('rotation_skipped');
        return;
      } catch (error) {
        this.#logs.forget();
        throw error;
      } finally {
        plan.close();
      }
    }
  }

  async #look(): Promise<void> {
    if (this.#isResuming || this.#stopped) return;
    this.#isResuming = true;
    try {
      if (this.#saved) await this.#resume(this.#saved);
      this.#watch.refresh();
    } catch (error) {
      this.#problem = describe(error);
      return;
    } finally {
      this.#isResuming = false;
    }
    this.#pump();
  }

  #pump(): void {
    if (this.#stopped || this.#isResuming || this.#isTurnPlanned || this.#saved) return;
    try {
      let budget = TURN_BYTES_MAX;
      do {
        budget = this.#logs.drain(budget);
        if (budget <= 0) this.#pumpSoon();
        if (budget <= 0 || this.#logs.isFull) return;
      } while (this.#logs.switchLog());
      this.#watch.refresh();
      this.#logs.closeRetired();
      this.#problem = '';
    } catch (error) {
      this.#problem = describe(error); // tried again by the timer
    }
  }

  #pumpSoon(): void {
    this.#isTurnPlanned = true;
    setImmediate(() => {
      this.#isTurnPlanned = false;
      this.#pump();
    });
  }

  #lose(reason: LossReason): void {
    const nowUs = Date.now() * 1000;
    this.#options.lose({ sensor: this.#options.sensor, reason, count: 1, firstAtUs: nowUs, lastAtUs: nowUs });
  }
}

function inodeOf(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
