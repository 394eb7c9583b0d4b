// Keeps a journal cursor, in a file and in the spool with the events read up to it; of the two the higher revision counts. As with a
// followed log, the file is replaced only when the spool is on disk.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { newerOf, revisionOf } from '../follow/cursor.ts';
import type { Checkpoints } from '../sensor.ts';

export interface Place {
  cursor: string;
  timeUs: number;
}

type Saved = Place & { revision: number };

const SAVE_MS = 200;

export class JournalCursor {
  readonly #file: string;
  readonly #checkpoints: Checkpoints;
  #place: Place | null = null;
  /** Counts up with every cursor taken, as that of a followed log does. */
  #revision = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #problem = '';

  constructor(file: string, checkpoints: Checkpoints) {
    this.#file = file;
    this.#checkpoints = checkpoints;
  }

  get place(): Place | null {
    return this.#place;
  }

  get problem(): string {
    return this.#problem;
  }

  /** Takes up what the last run left. False where there was something and it cannot be used. */
  recover(): boolean {
    const name = basename(this.#file);
    const spooled = decodeSaved(this.#checkpoints.recovered(name) ?? '');
    const filed = readSaved(this.#file);
    const found = newerOf(filed || null, spooled);
    this.#place = found;
    this.#revision = found?.revision ?? 0;
    this.#checkpoints.register(name, () => this.#encode());
    return filed !== undefined || spooled !== null;
  }

  /** Everything up to here is durable. */
  moveTo(place: Place): void {
    this.#place = place;
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#save();
    }, SAVE_MS);
  }

  /** Saves once more. Entries that become durable afterwards still move the cursor that goes into the spool. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#save();
  }

  async #save(): Promise<void> {
    const text = this.#encode();
    if (!text) return;
    try {
      await this.#checkpoints.synced();
      writeFileSync(`${this.#file}.new`, text, { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
      this.#problem = '';
    } catch (error) {
      this.#problem = `the position cannot be saved: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #encode(): string | undefined {
    if (!this.#place) return undefined;
    const { cursor, timeUs } = this.#place;
    this.#revision++;
    return JSON.stringify({ version: 1, revision: this.#revision, cursor, timeUs });
  }
}

/** Null for no file, undefined for one that cannot be used. */
function readSaved(file: string): Saved | null | undefined {
  try {
    return decodeSaved(readFileSync(file, 'utf8')) ?? undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : undefined;
  }
}

function decodeSaved(text: string): Saved | null {
  try {
    const saved = JSON.parse(text) as Partial<Saved>;
    const { cursor, timeUs } = saved;
    if (typeof cursor !== 'string' || !Number.isSafeInteger(timeUs)) return null;
    return { cursor, timeUs: timeUs!, revision: revisionOf(saved) };
  } catch {
    return null; // a damaged cursor is no cursor; the caller counts what that may have cost
  }
}
