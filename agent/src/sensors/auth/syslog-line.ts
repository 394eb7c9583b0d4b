// Takes a log line apart: RFC 3164 and RFC 5424, rsyslog's ISO 8601 times, the short forms of journalctl, asctime dates of OpenWrt and
// vsftpd, exim's and samba's own logs, seconds since boot. Each with or without priority, host and pid where the form lets them be absent.
import { type Clock, toEpochUs } from './syslog-time.ts';

/** A log line taken apart; what the program said is `message`, untouched. */
export interface SyslogLine {
  timeUs: number;
  host: string;
  program: string;
  pid: number;
  message: string;
  /** The line names no date: `timeUs` is when it was read. */
  undated?: boolean;
}

const PRIORITY = '(?:<\\d{1,3}>)?';
const WEEKDAY = '(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[,]? )?';
const CLOCK = '(?<time>\\d\\d:\\d\\d:\\d\\d)';
const FRACTION = '(?:[.,](?<fraction>\\d{1,9}))?';
const HEADS = [
  new RegExp(
    `^${PRIORITY}${WEEKDAY}(?<month>[A-Z][a-z]{2}) {1,2}(?<day>\\d{1,2}) (?:(?<year>\\d{4}) )?${CLOCK}${FRACTION}(?: (?<lateYear>[12]\\d{3})(?= ))?(?: (?<zone>UTC|GMT)(?= ))?:? `,
  ),
  new RegExp(
    `^${PRIORITY}${WEEKDAY}(?<date>\\d{4}-\\d\\d-\\d\\d)[Tt ]${CLOCK}${FRACTION}(?<zone> ?(?:[Zz]|UTC|GMT)(?= )|[+-]\\d\\d:?\\d\\d)?(?: [A-Z]{3,5}(?= ))?:? `,
  ),
  new RegExp(`^${PRIORITY}(?<epoch>\\d{9,10})\\.(?<fraction>\\d{1,9}) `),
  /^(?:<\d{1,3}>)?\[ {0,12}(?<boot>\d{1,10}\.\d{1,9})(?: <[^>]{1,24}>)?\] /,
];
const RFC5424 =
  /^(?:\d{1,6} )?<\d{1,3}>1 (?:-|(?<date>\d{4}-\d\d-\d\d)[Tt](?<time>\d\d:\d\d:\d\d)(?:\.(?<fraction>\d{1,9}))?(?<zone>[Zz]|[+-]\d\d:\d\d)) (?<host>\S{1,255}) (?<program>\S{1,48}) (?<pid>\S{1,128}) \S{1,32} /;
// "sshd[7]: ", "sudo: ", "sshd(pam_unix)[7]: ", "postfix/smtpd[7]: ", "gdm-password][7]: ", "-- root[7]: " (login of old Red Hat).
const TAG = /^(?<tag>(?:-- )?[^\s:[\]]{1,64})\]?(?:\[(?<pid>\d{1,10})\])?(?:\(\w{1,16}\))?: ?/;
/** A tag where the host should be: the line has no host. */
const TAG_FIRST = /^[^\s:[\]]{1,64}\]?(?:\[\d{1,10}\])?(?:\(\w{1,16}\))?: /;
/** Logs of one program, whose lines do not name it. */
const OWN_LOGS: [RegExp, string][] = [
  [/^\[pid \d{1,10}\] /, 'vsftpd'],
  [/^(?:\[\d{1,10}\] )?[\w-]{1,64} authenticator failed for /, 'exim'],
];
/** samba's JSON where it has a log of its own (auth_json_audit:3@FILE): the whole line is the message. */
const SAMBA_JSON =
  /^\s{0,8}\{"timestamp": ?"(?<date>\d{4}-\d\d-\d\d)T(?<time>\d\d:\d\d:\d\d)(?:\.(?<fraction>\d{1,9}))?(?<zone>[+-]\d{4}|Z)", ?"type": ?"/;
const REPEAT = /^(?:(?<host>\S{1,255}) )?last message repeated (?<count>\d{1,9}) times?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The program of a line by which syslogd says how often the one before it came again; the count is its message. */
export const LAST_REPEATED = 'last message repeated';

/** Null for what is no log line. Times without a year are placed by the clock. */
export function parseSyslogLine(line: string, clock: Clock): SyslogLine | null {
  return parseRfc5424(line, clock) ?? parseTagged(line, clock) ?? parseSambaJson(line, clock);
}

function parseRfc5424(line: string, clock: Clock): SyslogLine | null {
  const match = RFC5424.exec(line);
  if (!match?.groups) return null;
  const head = match.groups;
  const rest = line.slice(match[0].length);
  const end = structuredDataEnd(rest);
  if (end < 0) return null;
  const timeUs = head.date ? toEpochUs(clock, { ...dateParts(head.date), ...timeParts(head) }) : clock.nowUs;
  if (timeUs === null) return null;
  const message = rest.slice(end).replace(/^ ?\uFEFF?/, '');
  const undated = head.date ? {} : { undated: true };
  const parts = { timeUs, host: nil(head.host), program: nil(head.program), pid: Number(head.pid) || 0, message };
  if (parts.program) return { ...parts, ...undated };
  return { ...parts, ...undated, ...taggedParts(message) };
}

function parseSambaJson(line: string, clock: Clock): SyslogLine | null {
  const head = SAMBA_JSON.exec(line)?.groups;
  const when = head && timeOf(head, clock);
  return when ? { ...when, host: '', program: 'samba', pid: 0, message: line } : null;
}

/** Where STRUCTURED-DATA (RFC 5424 6.3) ends: "-", or elements in brackets with quoted, escaped values. */
function structuredDataEnd(text: string): number {
  if (text.startsWith('-')) return 1;
  if (!text.startsWith('[')) return -1;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted && letter === '\\') at++;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === ']' && text[at + 1] !== '[') return at + 1;
  }
  return -1;
}

function parseTagged(line: string, clock: Clock): SyslogLine | null {
  for (const form of HEADS) {
    const head = form.exec(line);
    if (!head?.groups) continue;
    const when = timeOf(head.groups, clock);
    const rest = line.slice(head[0].length);
    const said = when && (ownLog(rest) ?? repeated(rest) ?? named(rest));
    return said ? { ...when, ...said } : null;
  }
  return null;
}

function timeOf(groups: Record<string, string | undefined>, clock: Clock): { timeUs: number; undated?: true } | null {
  const { boot, epoch, month, date } = groups;
  if (boot) return { timeUs: clock.nowUs, undated: true };
  const microsecond = Number((groups.fraction ?? '').slice(0, 6).padEnd(6, '0'));
  if (epoch) return { timeUs: Number(epoch) * 1_000_000 + microsecond };
  const year = groups.year ?? groups.lateYear;
  const day = month
    ? { year: year ? Number(year) : undefined, month: MONTHS.indexOf(month) + 1, day: Number(groups.day) }
    : dateParts(date!);
  const timeUs = toEpochUs(clock, { ...day, ...timeParts(groups) });
  return timeUs === null ? null : { timeUs };
}

function ownLog(rest: string): Omit<SyslogLine, 'timeUs'> | undefined {
  const program = OWN_LOGS.find(([form]) => form.test(rest))?.[1];
  return program ? { host: '', program, pid: 0, message: rest } : undefined;
}

function repeated(rest: string): Omit<SyslogLine, 'timeUs'> | undefined {
  const found = REPEAT.exec(rest)?.groups;
  return found && { host: found.host ?? '', program: LAST_REPEATED, pid: 0, message: found.count! };
}

function named(rest: string): Omit<SyslogLine, 'timeUs'> | null {
  if (TAG_FIRST.test(rest)) return { host: '', ...taggedParts(rest)! };
  const space = rest.indexOf(' ');
  const parts = space < 0 ? null : taggedParts(rest.slice(space + 1).trimStart());
  return parts && { host: rest.slice(0, space), ...parts };
}

function taggedParts(text: string): { program: string; pid: number; message: string } | null {
  const tag = TAG.exec(text);
  if (!tag?.groups) return null;
  return { program: tag.groups.tag!, pid: Number(tag.groups.pid ?? 0), message: text.slice(tag[0].length) };
}

function dateParts(date: string) {
  return { year: Number(date.slice(0, 4)), month: Number(date.slice(5, 7)), day: Number(date.slice(8, 10)) };
}

function timeParts(groups: Record<string, string | undefined>) {
  const [hour, minute, second] = groups.time!.split(':').map(Number);
  const microsecond = Number((groups.fraction ?? '').slice(0, 6).padEnd(6, '0'));
  const zone = groups.zone?.trim().replace(/^(?:z|UTC|GMT)$/, 'Z');
  return { hour: hour!, minute: minute!, second: second!, microsecond, zone };
}

const nil = (value: string | undefined) => (value === undefined || value === '-' ? '' : value);
