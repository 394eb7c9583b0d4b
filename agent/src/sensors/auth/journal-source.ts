// Runs `journalctl --follow` and keeps its cursor, in a file and in the spool with the events read up to it. State: `pending` holds
// cursors of entries handed on and not durable, in order; `cursor` is the last one before which everything is durable.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Loss } from '@threatguard/proto';
import { newerOf, revisionOf } from '../follow/cursor.ts';
import type { Checkpoints } from '../sensor.ts';
import { ENTRY_BYTES_MAX, type JournalEntry, parseJournalEntry } from './journal-entry.ts';
import { PROGRAMS } from './programs.ts';

export interface JournalOptions {
  cursorFile: string;
  /** Where the cursor is kept with the events, under the name of that file. */
  checkpoints: Checkpoints;
  sensor: string;
  onEntry(entry: JournalEntry, durable: () => void): void;
  lose(loss: Loss): void;
  /** The command to run; "journalctl" on every real host. */
  command?: string;
}

const RESTART_MS_MIN = 250;
const RESTART_MS_MAX = 30_000;
const SAVE_MS = 200;
/** Entries handed on and not durable; at this many the pipe is no longer read and journalctl waits. */
const PENDING_ENTRIES_MAX = 65_536;
/** auth and authpriv; then whatever a program of ours says under another facility. */
const MATCHES = [
  'SYSLOG_FACILITY=4',
  'SYSLOG_FACILITY=10',
  '+',
  ...PROGRAMS.map((name) => `SYSLOG_IDENTIFIER=${name}`),
];

interface Place {
  cursor: string;
  timeUs: number;
}

type Saved = Place & { revision: number };

export class JournalSource {
  readonly #options: JournalOptions;
  #child: ChildProcess | undefined;
  #cursor: Place | null = null;
  /** Counts up with every cursor taken, as that of a followed log does. */
  #revision = 0;
  readonly #pending: (Place & { durable: boolean })[] = [];
  #restartMs = RESTART_MS_MIN;
  #restartTimer: NodeJS.Timeout | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #stopped = false;
  #problem = '';

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** What is wrong, in words; empty while the journal is being read. */
  get problem(): string {
    return this.#problem;
  }

  start(): void {
    const { checkpoints, cursorFile } = this.#options;
    const name = basename(cursorFile);
    const spooled = decodeSaved(checkpoints.recovered(name) ?? '');
    const found = newerOf(this.#readCursor(spooled !== null), spooled);
    this.#cursor = found;
    this.#revision = found?.revision ?? 0;
    checkpoints.register(name, () => this.#encode());
    this.#run(this.#cursor ? [`--after-cursor=${this.#cursor.cursor}`] : ['--lines=0']);
  }

  /** Safe twice. Entries that become durable afterwards still move the cursor that goes into the spool. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#restartTimer);
    clearTimeout(this.#saveTimer);
    this.#save();
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGTERM');
    await gone;
  }

  #run(position: string[]): void {
    const args = ['--output=json', '--follow', '--no-pager', '--all', ...position, ...MATCHES];
    const child = spawn(this.#options.command ?? 'journalctl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let rest = '';
    let saidLast = '';
    let entries = 0;
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > ENTRY_BYTES_MAX) {
        rest = '';
        this.#lose('line_oversized');
      }
      for (const line of lines) if (this.#handOn(line)) entries++;
      if (this.#pending.length >= PENDING_ENTRIES_MAX) child.stdout.pause();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      saidLast = chunk.trim().slice(-300) || saidLast;
    });
    child.on('error', (error) => {
      saidLast = error.message;
    });
    child.on('spawn', () => {
      this.#problem = '';
    });
    child.on('close', () => {
      if (this.#stopped) return;
      this.#problem = `journalctl ended: ${saidLast || 'no message'}; trying again`;
      this.#restart(position, entries);
    });
  }

  /** A cursor the journal no longer has (rotated away, corrupt) is replaced by the time it stood for, and counted. */
  #restart(position: string[], entries: number): void {
    if (entries > 0) this.#restartMs = RESTART_MS_MIN;
    const last = this.#pending.at(-1) ?? this.#cursor;
    const refused = entries === 0 && position[0]?.startsWith('--after-cursor=');
    if (refused && this.#restartMs > RESTART_MS_MIN) this.#lose('rotation_skipped');
    const bySeconds = refused && this.#restartMs > RESTART_MS_MIN && last;
    const next = bySeconds
      ? [`--since=@${Math.ceil(last.timeUs / 1e6)}`]
      : last
        ? [`--after-cursor=${last.cursor}`]
        : position;
    this.#restartTimer = setTimeout(() => this.#run(next), this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS_MAX);
  }

  #handOn(line: string): boolean {
    const entry = parseJournalEntry(line);
    if (!entry?.cursor || this.#stopped) return false;
    const place = { cursor: entry.cursor, timeUs: entry.timeUs, durable: false };
    this.#pending.push(place);
    this.#options.onEntry(entry, () => {
      place.durable = true;
      this.#advance();
    });
    return true;
  }

  #advance(): void {
    while (this.#pending[0]?.durable) this.#cursor = this.#pending.shift()!;
    if (this.#pending.length < PENDING_ENTRIES_MAX) this.#child?.stdout?.resume();
    if (this.#stopped) return;
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#save();
    }, SAVE_MS);
  }

  #encode(): string | undefined {
    if (!this.#cursor) return undefined;
    const { cursor, timeUs } = this.#cursor;
    this.#revision++;
    return JSON.stringify({ version: 1, revision: this.#revision, cursor, timeUs });
  }

  #save(): void {
    const saved = this.#encode();
    if (!saved) return;
    try {
      writeFileSync(`${this.#options.cursorFile}.new`, saved, { mode: 0o600 });
      renameSync(`${this.#options.cursorFile}.new`, this.#options.cursorFile);
    } catch (error) {
      this.#problem = `the position cannot be saved: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** One that is there and cannot be used costs nothing where the spool has another. */
  #readCursor(hasOther: boolean): Saved | null {
    let text = '';
    try {
      text = readFileSync(this.#options.cursorFile, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    }
    const saved = decodeSaved(text);
    if (!saved && !hasOther) this.#lose('rotation_skipped');
    return saved;
  }

  #lose(reason: 'line_oversized' | 'rotation_skipped'): void {
    const nowUs = Date.now() * 1000;
    this.#options.lose({ sensor: this.#options.sensor, reason, count: 1, firstAtUs: nowUs, lastAtUs: nowUs });
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
