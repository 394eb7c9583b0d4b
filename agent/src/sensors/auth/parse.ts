// From a log line to a HostEvent. Pure but for a short memory: two kinds of line can only be read after the one before them.
import { type HostEvent, ORIGINAL_BYTES_MAX } from '@threatguard/proto';
import type { Fact, Statement } from './fact.ts';
import { parseJournalEntry } from './journal-entry.ts';
import { statementOf } from './programs.ts';
import { LAST_REPEATED, parseSyslogLine, type SyslogLine } from './syslog-line.ts';
import type { Clock } from './syslog-time.ts';

export interface AuthReading {
  /** What the line states, if anything. */
  event: HostEvent | null;
  /** Whether any rule understood the line. */
  known: boolean;
  /** The event is not to be sent: another line states it, nobody logged on, or its sender may not say such a thing. */
  repeats: boolean;
  /** The line taken apart, where it is a log line. */
  parts?: SyslogLine;
}

const UNKNOWN: AuthReading = { event: null, known: false, repeats: false };
const NOTHING: AuthReading = { event: null, known: true, repeats: false };

const REPEATED = /^message repeated (?<count>\d{1,9}) times: \[ ?(?<inner>.*)\]$/s;
/** What journalctl writes between entries. */
const DIVIDER = /^-- (?:Boot|Reboot|Journal begins|Logs begin|No entries|cursor:)/;
const KEYBOARD_PAM = 'keyboard-interactive/pam';
/** Connections whose "error: PAM:" was just seen; more at once than sshd's MaxStartups allows never matter. */
const REMEMBERED_MAX = 1024;

/** Reads the lines of one log in their order. Never throws, whatever the line; time is linear in its length. */
export class AuthParser {
  readonly #sensor: string;
  /** `${program} ${pid} ${user}` -> failures that "error: PAM:" lines stated and "Failed keyboard-interactive/pam" will repeat. */
  readonly #statedByPam = new Map<string, number>();
  #last: AuthReading = NOTHING;

  constructor(sensor: string) {
    this.#sensor = sensor;
  }

  /** A line of a log file, or an entry as `journalctl -o json` prints it. */
  parse(line: string, clock: Clock): AuthReading {
    const entry = line.startsWith('{') ? parseJournalEntry(line) : null;
    if (entry) {
      const reading = this.read(entry.parts, entry.line);
      return entry.trusted ? reading : { ...reading, repeats: true };
    }
    const parts = parseSyslogLine(line, clock);
    if (!parts) return DIVIDER.test(line) ? NOTHING : UNKNOWN;
    this.#last = parts.program === LAST_REPEATED ? this.#again(parts, line) : this.read(parts, line);
    return this.#last;
  }

  /** For sources that deliver parts instead of lines, such as the journal; `original` is what an analyst sees. */
  read(parts: SyslogLine, original: string): AuthReading {
    const said = parts.message.trimEnd();
    const repeated = REPEATED.exec(said)?.groups;
    const statement = statementOf(parts.program, repeated?.inner ?? said);
    if (statement === undefined) return { ...UNKNOWN, parts };
    if (statement === null) return { ...NOTHING, parts };
    const count = (statement.fact.authentication?.count || 1) * Number(repeated?.count ?? 1);
    const event = this.#complete(statement.fact, count, parts, original);
    return { event, known: true, repeats: this.#isRepeat(parts, statement), parts };
  }

  /** "last message repeated 3 times": what the line before stated, as often. */
  #again(parts: SyslogLine, line: string): AuthReading {
    const { event, known, repeats } = this.#last;
    if (!event) return { event: null, known, repeats: false, parts };
    const { count: _, ...authentication } = event.authentication ?? {};
    const fact = { ...event, authentication };
    const again = this.#complete(fact, Number(parts.message), { ...parts, pid: event.process?.pid ?? 0 }, line);
    return { event: again, known, repeats, parts };
  }

  #complete(fact: Fact, count: number, parts: SyslogLine, original: string): HostEvent {
    const event: HostEvent = {
      ...fact,
      observedAtUs: parts.timeUs,
      sensor: this.#sensor,
      original: clip(original),
    };
    if (parts.undated) event.missing = [...(fact.missing ?? []), '@timestamp'];
    if (parts.pid) event.process = { ...fact.process, pid: parts.pid };
    if (count > 1) event.authentication = { ...fact.authentication, count: Math.min(count, 0xffffffff) };
    return event;
  }

  /** sshd says a PAM failure twice where its log level or the number of tries lets it; the second saying repeats the first. */
  #isRepeat(parts: SyslogLine, { fact, repeats }: Statement): boolean {
    if (repeats || fact.authentication?.method !== KEYBOARD_PAM) return repeats;
    const key = `${parts.program} ${parts.pid} ${fact.user?.name}`;
    const stated = this.#statedByPam.get(key) ?? 0;
    if (parts.message.startsWith('error: PAM:')) {
      if (this.#statedByPam.size >= REMEMBERED_MAX) this.#statedByPam.clear();
      this.#statedByPam.set(key, stated + 1);
      return false;
    }
    if (stated > 0) this.#statedByPam.set(key, stated - 1);
    return stated > 0 && parts.message.startsWith('Failed');
  }
}

/** A JavaScript character is at most three bytes of UTF-8. */
function clip(text: string): string {
  return text.length * 3 <= ORIGINAL_BYTES_MAX
    ? text
    : Buffer.from(text)
        .subarray(0, ORIGINAL_BYTES_MAX - 3)
        .toString();
}
