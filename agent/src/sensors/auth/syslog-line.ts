import { type Clock, toEpochUs } from './syslog-time.ts';

/** A log line taken apart; what the program said is `message`, untouched. */
export interface SyslogLine {
  timeUs: number;
  host: string;
  program: string;
  pid: number;
  message: string;
}

const RFC3164 =
  /^(?:<\d{1,3}>)?(?<month>[A-Z][a-z]{2}) {1,2}(?<day>\d{1,2}) (?:(?<year>\d{4}) )?(?<time>\d\d:\d\d:\d\d)(?:\.(?<fraction>\d{1,9}))? /;
const ISO8601 =
  /^(?:<\d{1,3}>)?(?<date>\d{4}-\d\d-\d\d)[T ](?<time>\d\d:\d\d:\d\d)(?:[.,](?<fraction>\d{1,9}))?(?<zone>Z|[+-]\d\d:?\d\d)? /;
const RFC5424 =
  /^<\d{1,3}>1 (?:-|(?<date>\d{4}-\d\d-\d\d)T(?<time>\d\d:\d\d:\d\d)(?:\.(?<fraction>\d{1,9}))?(?<zone>Z|[+-]\d\d:\d\d)) (?<host>\S{1,255}) (?<program>\S{1,48}) (?<pid>\S{1,128}) \S{1,32} /;
// "sshd[7]: ", "sudo: ", "sshd(pam_unix)[7]: ", "postfix/smtpd[7]: ", "-- root[7]: " (login of old Red Hat).
const TAG = /^(?<tag>(?:-- )?[^\s:[\]]{1,64})(?:\[(?<pid>\d{1,10})\])?: ?/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * A line of RFC 3164, RFC 5424, or with an ISO 8601 time (rsyslog of Debian 12 and later), with or without its priority;
 * null for anything else. Times without a year are placed in the newest year in which they are not in the future.
 */
export function parseSyslogLine(line: string, clock: Clock): SyslogLine | null {
  return parseRfc5424(line, clock) ?? parseTagged(line, clock);
}

function parseRfc5424(line: string, clock: Clock): SyslogLine | null {
  const head = RFC5424.exec(line)?.groups;
  if (!head) return null;
  const rest = line.slice(RFC5424.exec(line)![0].length);
  const end = structuredDataEnd(rest);
  if (end < 0) return null;
  const timeUs = head.date ? toEpochUs(clock, { ...dateParts(head.date), ...timeParts(head) }) : clock.nowUs;
  if (timeUs === null) return null;
  const message = rest.slice(end).replace(/^ ?\uFEFF?/, '');
  return { timeUs, host: nil(head.host), program: nil(head.program), pid: Number(head.pid) || 0, message };
}

/** Where STRUCTURED-DATA (RFC 5424 6.3) ends: "-", or elements in brackets with quoted, escaped values. */
function structuredDataEnd(text: string): number {
  if (text.startsWith('-')) return 1;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted && letter === '\\') at++;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === ']' && text[at + 1] !== '[') return at + 1;
    if (at === 0 && letter !== '[') return -1;
  }
  return -1;
}

function parseTagged(line: string, clock: Clock): SyslogLine | null {
  const old = RFC3164.exec(line);
  const head = old ?? ISO8601.exec(line);
  if (!head?.groups) return null;
  const groups = head.groups;
  const date = old
    ? {
        year: groups.year ? Number(groups.year) : undefined,
        month: MONTHS.indexOf(groups.month!) + 1,
        day: Number(groups.day),
      }
    : dateParts(groups.date!);
  const timeUs = toEpochUs(clock, { ...date, ...timeParts(groups) });
  if (timeUs === null) return null;
  const rest = line.slice(head[0].length);
  const space = rest.indexOf(' ');
  const host = space < 0 ? '' : rest.slice(0, space);
  const tagged = rest.slice(space + 1).trimStart();
  const tag = TAG.exec(tagged);
  if (space < 0 || !tag?.groups) return null;
  return {
    timeUs,
    host,
    program: tag.groups.tag!,
    pid: Number(tag.groups.pid ?? 0),
    message: tagged.slice(tag[0].length),
  };
}

function dateParts(date: string) {
  return { year: Number(date.slice(0, 4)), month: Number(date.slice(5, 7)), day: Number(date.slice(8, 10)) };
}

function timeParts(groups: Record<string, string | undefined>) {
  const [hour, minute, second] = groups.time!.split(':').map(Number);
  const microsecond = Number((groups.fraction ?? '').slice(0, 6).padEnd(6, '0'));
  return { hour: hour!, minute: minute!, second: second!, microsecond, zone: groups.zone };
}

const nil = (value: string | undefined) => (value === undefined || value === '-' ? '' : value);
