// Who logs on, who fails to, who becomes somebody else. journald where it runs, otherwise the log files; never both, because rsyslog
// writes the same entries to the files. Logs named in the configuration are always read. The kernel's audit tells what no log
// tells (audit-facts.ts has the order of preference).
import { existsSync, mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { EventClass, type SensorHealth } from '@threatguard/proto';
import type { FileFollower } from '../follow/follow-file.ts';
import type { AuditSession } from '../process/audit-session.ts';
import type { Checkpoints, Sensor, SensorSink } from '../sensor.ts';
import { seenInFiles } from './accounts.ts';
import { AuditLogons } from './audit-logons.ts';
import { DEFAULT_LOGS, followLog } from './file-source.ts';
import type { JournalEntry } from './journal-entry.ts';
import { JournalSource } from './journal-source.ts';
import { AuthParser, type AuthReading } from './parse.ts';

export interface AuthSensorOptions {
  /** Further logs, beside those of the system. */
  logs: string[];
  journal: 'auto' | 'on' | 'off';
  /** Where positions are kept. */
  stateDir: string;
  checkpoints: Checkpoints;
  /** Whether the file sensor runs and diffs the account files: what it shows is then not told again from the system's own log. */
  accountsFromFiles?: boolean;
  /** The system's own logs; read where the journal is not. Default `/var/log/auth.log` and `/var/log/secure`. */
  systemLogs?: string[];
  /** The kernel's audit; `always` switches it on also where a log is read. */
  audit?: { session: AuditSession; always: boolean };
}

const JOURNAL_SOCKET = '/run/systemd/journal/socket';

export function createAuthSensor(options: AuthSensorOptions): Sensor {
  return new AuthSensor(options);
}

class AuthSensor implements Sensor {
  readonly name = 'auth';
  readonly #options: AuthSensorOptions;
  #followers: { path: string; follower: FileFollower }[] = [];
  #journal: JournalSource | undefined;
  #audit: AuditLogons | undefined;
  #sink: SensorSink | undefined;
  #events = 0;
  #untrusted = 0;

  constructor(options: AuthSensorOptions) {
    this.#options = options;
  }

  async start(sink: SensorSink): Promise<void> {
    this.#sink = sink;
    mkdirSync(this.#options.stateDir, { recursive: true, mode: 0o700 });
    const { journal, logs, systemLogs = DEFAULT_LOGS } = this.#options;
    const readJournal = journal === 'on' || (journal === 'auto' && existsSync(JOURNAL_SOCKET));
    const paths = new Set([...(readJournal ? [] : systemLogs), ...logs]);
    for (const path of paths) await this.#follow(path);
    if (readJournal) this.#startJournal();
    await this.#startAudit();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#journal?.stop(), ...this.#followers.map(({ follower }) => follower.stop())]);
    await this.#audit?.stop();
    this.#sink = undefined;
  }

  health(): SensorHealth {
    const sources = [...(this.#journal ? ['journald'] : []), ...this.#read().map(({ path }) => path)];
    if (this.#audit?.reading) sources.push('kernel audit');
    const problems = [this.#journal?.problem ?? '', ...this.#waiting().map(({ follower }) => follower.problem)].filter(
      Boolean,
    );
    if (this.#audit?.problem && (this.#audit.reading || !this.#logIsRead())) problems.push(this.#audit.problem);
    if (this.#journal && process.getuid?.() !== 0)
      problems.push('not root: journald may show this user only its own entries');
    if (this.#untrusted > 0)
      problems.push(`${this.#untrusted} journal entries ignored: not sent by the program they name`);
    const state = !this.#sink ? 'stopped' : sources.length === 0 || this.#journal?.problem ? 'degraded' : 'running';
    return { sensor: this.name, source: sources.join(', '), state, detail: problems.join('; '), events: this.#events };
  }

  /** One of the system's two files is enough; the other family's is not waited for aloud. */
  #waiting() {
    const { systemLogs = DEFAULT_LOGS } = this.#options;
    const satisfied = this.#read().some(({ path }) => systemLogs.includes(path));
    return this.#followers.filter(
      ({ path, follower }) =>
        follower.problem && !(satisfied && systemLogs.includes(path) && follower.problem.startsWith('waiting')),
    );
  }

  #read() {
    return this.#followers.filter(({ follower }) => !follower.problem);
  }

  #logIsRead(): boolean {
    return this.#journal?.problem === '' || this.#read().length > 0;
  }

  async #startAudit(): Promise<void> {
    const { audit, accountsFromFiles = false } = this.#options;
    if (!audit) return;
    this.#audit = new AuditLogons({
      ...audit,
      accountsFromFiles,
      logIsRead: () => this.#logIsRead(),
      emit: (event) => {
        this.#events++;
        this.#sink?.emit(event);
      },
      lose: (loss) => this.#sink?.lose(loss),
    });
    await this.#audit.start();
  }

  async #follow(path: string): Promise<void> {
    const parser = new AuthParser('auth.file');
    const own = (this.#options.systemLogs ?? DEFAULT_LOGS).includes(path);
    const follower = await followLog({
      path,
      stateDir: this.#options.stateDir,
      checkpoints: this.#options.checkpoints,
      sensor: 'auth.file',
      onLine: (line, durable) => {
        const reading = parser.parse(line, { nowUs: Date.now() * 1000 });
        if (reading.event && (own || isOfThisHost(line))) this.#audit?.told(reading.event);
        this.#handOn(reading, own, durable);
      },
      lose: (loss) => this.#sink?.lose(loss),
    });
    this.#followers.push({ path, follower });
  }

  #startJournal(): void {
    const parser = new AuthParser('auth.journald');
    this.#journal = new JournalSource({
      cursorFile: join(this.#options.stateDir, 'journal-cursor.json'),
      checkpoints: this.#options.checkpoints,
      sensor: 'auth.journald',
      onEntry: (entry, durable) => this.#handOnEntry(parser, entry, durable),
      lose: (loss) => this.#sink?.lose(loss),
    });
    this.#journal.start();
  }

  #handOnEntry(parser: AuthParser, entry: JournalEntry, durable: () => void): void {
    const reading = parser.read(entry.parts, entry.line);
    if (reading.event && !reading.repeats && !entry.trusted) {
      this.#untrusted++;
      durable();
      return;
    }
    if (reading.event) this.#audit?.told(reading.event);
    this.#handOn(reading, true, durable);
  }

  /** `own`: from this host's own log, not from one that was named, which may be another host's. */
  #handOn({ event, repeats }: AuthReading, own: boolean, durable: () => void): void {
    const told = own && event?.class === EventClass.ACCOUNT && this.#options.accountsFromFiles && seenInFiles(event);
    if (!event || repeats || told || !this.#sink) {
      durable();
      return;
    }
    this.#events++;
    this.#sink.emit(event, durable);
  }
}

/** Where a log puts the host's name, after the time. */
const HEAD_CHARACTERS = 128;

/** A log that was named may be another host's; what it tells of this one, audit need not tell again. */
function isOfThisHost(line: string): boolean {
  return line.slice(0, HEAD_CHARACTERS).includes(` ${hostname()} `);
}
