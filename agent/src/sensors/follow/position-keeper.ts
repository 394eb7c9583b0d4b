// Where reading goes on: a cursor file, and the checkpoint in the spool. Of the two the one with the higher revision counts.
//
// Invariant: the cursor file is never ahead of the disk. What it names as read was spooled before, and a power cut takes what the
// spool had not synced; so each cursor is taken first, then the spool is on disk, and only then is the file replaced.
import { basename } from 'node:path';
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

/** The cursor file is at most this far behind what is durable; the spool is not at all. */
const SAVE_MS = 200;

export interface PositionOptions {
  /** Its directory is made. */
  cursorFile: string;
  checkpoints: Checkpoints;
  /** Positions of now; undefined while reading has not gone on from the saved ones, which then stay. */
  positions(): FilePosition[] | undefined;
  /** Called after a change was saved. */
  onSaved(): void;
}

export class PositionKeeper {
  readonly #options: PositionOptions;
  /** Of the newest cursor taken. */
  #revision = 0;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();
  #stopped = false;
  #problem = '';

  constructor(options: PositionOptions) {
    this.#options = options;
  }

  /** Why the position cannot be saved; empty where it can. */
  get problem(): string {
    return this.#problem;
  }

  /** What the last run left; null for nothing usable. */
  async recover(): Promise<Cursor | null> {
    const { cursorFile, checkpoints } = this.#options;
    const name = basename(cursorFile);
    const cursor = newerOf(await readCursor(cursorFile), decodeCursor(checkpoints.recovered(name) ?? ''));
    this.#revision = cursor?.revision ?? 0;
    return cursor;
  }

  /** From now on each batch holds the position. */
  register(): void {
    const { cursorFile, checkpoints } = this.#options;
    checkpoints.register(basename(cursorFile), () => {
      const cursor = this.#take();
      return cursor && encodeCursor(cursor);
    });
  }

  /** Something became durable: it is saved soon. */
  moved(): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.save();
      this.#options.onSaved();
    }, SAVE_MS);
  }

  save(): Promise<void> {
    const cursor = this.#take();
    if (!cursor) return this.#saving;
    this.#saving = this.#saving.then(async () => {
      try {
        await this.#options.checkpoints.synced();
        await writeCursor(this.#options.cursorFile, cursor);
        this.#problem = '';
      } catch (error) {
        this.#problem = `the position cannot be saved: ${error instanceof Error ? error.message : String(error)}`;
      }
    });
    return this.#saving;
  }

  /** Saves once more. Lines that become durable afterwards still move the position that goes into the spool. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.save();
  }

  #take(): Cursor | undefined {
    const files = this.#options.positions();
    if (!files) return undefined;
    this.#revision++;
    return { revision: this.#revision, files };
  }
}
