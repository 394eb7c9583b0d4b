// Runs `journalctl --follow` and starts it again. State: `pending` holds the places of entries handed on and not durable, in order; the
// cursor is the last one before which everything is durable.
//
// Reading goes on with the entry of the cursor itself, which must come first: where another does, entries are gone (vacuumed, corrupt).
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Loss } from '@threatguard/proto';
import type { Checkpoints } from '../sensor.ts';
import { JournalCursor, type Place } from './journal-cursor.ts';
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
  /** Default: the host's own. */
  machineId?: string;
}

const RESTART_MS_MIN = 250;
const RESTART_MS_MAX = 30_000;
/** Entries handed on and not durable; at this many the pipe is no longer read and journalctl waits. */
const PENDING_ENTRIES_MAX = 65_536;
const IDENTIFIERS = PROGRAMS.map((name) => `SYSLOG_IDENTIFIER=${name}`);

/** Where to begin. `since`: the cursor was refused, so its time is gone by, and entries up to it are left out. */
type From = { at: 'end' } | { at: 'cursor' | 'since'; place: Place };

export class JournalSource {
  readonly #options: JournalOptions;
  readonly #cursor: JournalCursor;
  #child: ChildProcess | undefined;
  readonly #pending: (Place & { durable: boolean })[] = [];
  #restartMs = RESTART_MS_MIN;
  #restarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #stopped = false;
  #problem = '';
  /** What the running journalctl says beside entries: of a file that it must leave out, for one. */
  #complaint = '';

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#cursor = new JournalCursor(options.cursorFile, options.checkpoints);
  }

  /** What is wrong, in words; empty while the journal is being read. */
  get problem(): string {
    return this.#problem || (this.#complaint && `journalctl: ${this.#complaint}`) || this.#cursor.problem;
  }

  start(): void {
    if (!this.#cursor.recover()) this.#lose('rotation_skipped');
    const { place } = this.#cursor;
    this.#run(place ? { at: 'cursor', place } : { at: 'end' });
  }

  /** Safe twice. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearTimeout(this.#restartTimer);
    await this.#cursor.stop();
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGTERM');
    await gone;
  }

  #run(from: From): void {
    const { command = 'journalctl' } = this.#options;
    const args = ['--output=json', '--follow', '--no-pager', '--all', ...position(from), ...this.#matches()];
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let rest = '';
    this.#complaint = '';
    let entries = 0;
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > ENTRY_BYTES_MAX) {
        rest = '';
        this.#lose('line_oversized');
      }
      for (const line of lines) {
        const entry = parseJournalEntry(line);
        if (!entry?.cursor || this.#stopped) continue;
        if (this.#isNew(entry, from, entries === 0)) this.#handOn(entry);
        entries++;
      }
      if (entries > 0) this.#problem = '';
      if (this.#pending.length >= PENDING_ENTRIES_MAX) child.stdout.pause();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.#complaint = chunk.trim().slice(-300) || this.#complaint;
    });
    child.on('error', (error) => {
      this.#complaint = error.message;
    });
    child.on('spawn', () => {
      if (this.#restarts === 0) this.#problem = '';
    });
    child.on('close', () => {
      if (this.#stopped) return;
      this.#restarts++;
      this.#problem = `journalctl ended ${this.#restarts} times: ${this.#complaint || 'no message'}; trying again`;
      this.#restart(from, entries);
    });
  }

  /** Of this machine only: with --merge, without which --follow shows no boot but this one, come the journals of others. */
  #matches(): string[] {
    const machineId = this.#options.machineId ?? readMachineId();
    const own = machineId ? [`_MACHINE_ID=${machineId}`] : [];
    const facilities = ['SYSLOG_FACILITY=4', 'SYSLOG_FACILITY=10']; // auth and authpriv
    return [...(machineId ? ['--merge'] : []), ...own, ...facilities, '+', ...own, ...IDENTIFIERS];
  }

  #isNew(entry: JournalEntry, from: From, isFirst: boolean): boolean {
    if (from.at === 'since') return entry.timeUs > from.place.timeUs;
    if (from.at === 'end' || !isFirst) return true;
    if (entry.cursor === from.place.cursor) return false;
    this.#lose('rotation_skipped');
    return true;
  }

  /** A cursor that is refused twice is replaced by the time it stood for, and counted. */
  #restart(from: From, entries: number): void {
    if (entries > 0) this.#restartMs = RESTART_MS_MIN;
    const place = this.#pending.at(-1) ?? this.#cursor.place;
    let next: From = place ? { at: 'cursor', place } : from;
    if (from.at === 'cursor' && entries === 0 && this.#restartMs > RESTART_MS_MIN) {
      this.#lose('rotation_skipped');
      next = { at: 'since', place: from.place };
    } else if (from.at === 'since' && entries === 0) next = from;
    this.#restartTimer = setTimeout(() => this.#run(next), this.#restartMs);
    this.#restartMs = Math.min(this.#restartMs * 2, RESTART_MS_MAX);
  }

  #handOn(entry: JournalEntry): void {
    const place = { cursor: entry.cursor, timeUs: entry.timeUs, durable: false };
    this.#pending.push(place);
    this.#options.onEntry(entry, () => {
      place.durable = true;
      this.#advance();
    });
  }

  #advance(): void {
    let reached: Place | undefined;
    while (this.#pending[0]?.durable) reached = this.#pending.shift();
    if (this.#pending.length < PENDING_ENTRIES_MAX) this.#child?.stdout?.resume();
    if (reached) this.#cursor.moveTo(reached);
  }

  #lose(reason: 'line_oversized' | 'rotation_skipped'): void {
    const nowUs = Date.now() * 1000;
    this.#options.lose({ sensor: this.#options.sensor, reason, count: 1, firstAtUs: nowUs, lastAtUs: nowUs });
  }
}

/** --no-tail, because --follow would else show ten entries of what is to be caught up on. */
function position(from: From): string[] {
  if (from.at === 'end') return ['--lines=0'];
  if (from.at === 'cursor') return ['--no-tail', `--cursor=${from.place.cursor}`];
  return ['--no-tail', `--since=@${Math.floor(from.place.timeUs / 1e6)}`];
}

function readMachineId(): string {
  try {
    const text = readFileSync('/etc/machine-id', 'utf8').trim();
    return /^[0-9a-f]{32}$/.test(text) ? text : '';
  } catch {
    return ''; // without one journalctl shows this boot only, which is what it did before
  }
}
