// One entry of `journalctl -o json` as the line it would have been in a log.
import type { SyslogLine } from './syslog-line.ts';

export interface JournalEntry {
  cursor: string;
  timeUs: number;
  parts: SyslogLine;
  /** As rsyslog would have written it, for analysts. */
  line: string;
  /** Whether the sender may say such things: journald records who really wrote an entry, a log file does not. */
  trusted: boolean;
}

/** Null for what is no entry. Fields may be missing, arrays, or arrays of bytes (systemd.journal-fields(7)). */
export function parseJournalEntry(json: string): JournalEntry | null {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return null;
  }
  if (typeof fields !== 'object' || fields === null) return null;
  const timeUs = Number(text(fields.__REALTIME_TIMESTAMP));
  const program = text(fields.SYSLOG_IDENTIFIER) || text(fields._COMM);
  if (!Number.isSafeInteger(timeUs) || timeUs <= 0 || !program) return null;
  const pid = Number(text(fields.SYSLOG_PID) || text(fields._PID)) || 0;
  const host = text(fields._HOSTNAME);
  const message = text(fields.MESSAGE);
  const time = new Date(timeUs / 1000).toISOString();
  return {
    cursor: text(fields.__CURSOR),
    timeUs,
    parts: { timeUs, host, program, pid, message },
    line: `${time} ${host || '-'} ${program}${pid ? `[${pid}]` : ''}: ${message}`,
    trusted: isTrusted(program, fields),
  };
}

/** Root may say anything; others only through the program itself: sudo and su log under the caller's user id. */
function isTrusted(program: string, fields: Record<string, unknown>): boolean {
  const uid = text(fields._UID);
  if (uid === '0' || uid === '') return true;
  const executable = /^\/(?:usr\/)?(?:local\/)?(?:s?bin|lib|libexec)\/(?:[\w.+-]+\/)*(?<name>[\w.+-]+)$/.exec(
    text(fields._EXE),
  );
  const name = executable?.groups?.name;
  if (name) return name === program || program.startsWith(`${name}/`) || FAMILIES[program]?.includes(name) === true;
  // Daemons under their own system account; people's ids begin at 1000.
  return Number(uid) < 1000;
}

/** Programs whose identifier is not the name of their file. */
const FAMILIES: Record<string, string[]> = {
  'sshd-session': ['sshd'],
  sshd: ['sshd-session', 'sshd-auth'],
  'su-l': ['su'],
  sudo: ['sudo-rs'],
  su: ['su-rs'],
  dovecot: ['auth', 'imap-login', 'pop3-login', 'log'],
  'postfix/smtpd': ['smtpd'],
  'postfix/submission/smtpd': ['smtpd'],
  'postfix/smtps/smtpd': ['smtpd'],
};

/** The longest line `journalctl -o json` may print for one entry: MESSAGE at journald's default LineMax, as bytes, and its fields. */
export const ENTRY_BYTES_MAX = 512 * 1024;

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  if (typeof value[0] === 'number')
    return Buffer.from(value.filter((byte) => typeof byte === 'number')).toString('utf8');
  return typeof value[0] === 'string' ? value[0] : text(value[0]);
}
