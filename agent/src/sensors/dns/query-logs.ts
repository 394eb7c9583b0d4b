// Lines of the query logs of unbound and BIND. A line states one query; its name comes from whoever asked, so each pattern is tied to
// both ends of the line and to what cannot stand in a name as these servers print it (they escape blanks and control characters).
import { Outcome } from '@threatguard/proto';
import { parseSyslogLine } from '../auth/syslog-line.ts';
import { type Clock, toEpochUs } from '../auth/syslog-time.ts';
import { type DnsQuery, readType, withoutRoot } from './query.ts';

/** Of a line: a query; `null` where it is understood and states none; undefined where it is not understood. */
export type QueryReading = DnsQuery | null | undefined;

/** "[1732183200] unbound[77:0] info: ", or the same by syslog. */
const UNBOUND = /^\[(?<seconds>\d{9,11})(?:\.(?<fraction>\d{1,6}))?\] unbound\[\d+:\w+\] (?<level>\w+): /;
const UNBOUND_SYSLOG = /^\[\d+:\w+\] (?<level>\w+): /;
/** "127.0.0.1 example.net. A IN", and of log-replies its result, time, cache and size. */
const UNBOUND_QUERY =
  /^(?:query: |reply: )?(?<client>[\da-fA-F.:%\w]{2,64}) (?<name>\S{1,1100}) (?<type>[A-Z][A-Z0-9-]{0,15}) (?:IN|CH|HS|ANY|CLASS\d+)(?<reply> (?<code>[A-Z]{3,16}) [\d.]+ [01] \d+.*)?$/;

/** Reads unbound's log; a query that was told is not told again by its reply. */
export class UnboundReader {
  /** Queries told and not answered yet, oldest first. */
  readonly #asked = new Map<string, number>();

  read(line: string, clock: Clock): QueryReading {
    const own = UNBOUND.exec(line);
    const syslog = own ? null : parseSyslogLine(line, clock);
    if (!own && syslog?.program !== 'unbound') return undefined;
    const said = own ? line.slice(own[0].length) : syslog!.message.replace(UNBOUND_SYSLOG, '');
    const found = UNBOUND_QUERY.exec(said)?.groups;
    if (!found) return null;
    const { client = '', name = '', type = '' } = found;
    if (!this.#isNews(`${client} ${name} ${type}`, found.reply !== undefined)) return null;
    const fraction = Number((own?.groups?.fraction ?? '').padEnd(6, '0'));
    return {
      atUs: own ? Number(own.groups!.seconds) * 1_000_000 + fraction : syslog!.timeUs,
      name: withoutRoot(name),
      type: readType(type),
      client,
      ...(found.code ? { outcome: found.code === 'NOERROR' ? Outcome.SUCCESS : Outcome.FAILURE } : {}),
    };
  }

  #isNews(key: string, reply: boolean): boolean {
    const asked = this.#asked.get(key) ?? 0;
    if (!reply) {
      this.#asked.delete(key);
      this.#asked.set(key, asked + 1);
      if (this.#asked.size > ASKED_MAX) this.#asked.delete(this.#asked.keys().next().value!);
      return true;
    }
    if (asked <= 1) this.#asked.delete(key);
    else this.#asked.set(key, asked - 1);
    return asked === 0;
  }
}

/** Questions kept in mind; a busy resolver has some hundred on the way. Where replies are not logged, old ones are forgotten. */
const ASKED_MAX = 2048;

const BIND_TIME =
  /^(?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{4}) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)\.(?<ms>\d{3}) /;
const BIND_ISO = /^(?<iso>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?(?:Z)?) /;
/** "client @0x7f.. 192.0.2.1#53211 (example.net): view internal: query: example.net IN A +E(0)K (192.0.2.53)". */
const BIND_QUERY =
  /^(?:queries: )?(?:info: )?client (?:@0x[\da-f]+ )?(?<client>[\da-fA-F.:%\w]{2,64})#(?<port>\d{1,5})(?: \(\S{1,1100}\))?: (?:view \S{1,128}: )?query: (?<name>\S{1,1100}) (?:IN|CH|HS|ANY|CLASS\d+) (?<type>[A-Z][A-Z0-9-]{0,15}) [+-]\S{0,32}(?: \([^()\s]{2,64}\))?(?: \[.{0,128}\])?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** BIND's query log, as a file of its own or by syslog. */
export function readBindLine(line: string, clock: Clock): QueryReading {
  const own = bindTime(line, clock);
  const syslog = own ? null : parseSyslogLine(line, clock);
  if (!own && syslog?.program !== 'named') return undefined;
  const found = BIND_QUERY.exec(own ? line.slice(own.length) : syslog!.message)?.groups;
  if (!found) return null;
  const { client = '', port, name = '', type = '' } = found;
  return {
    atUs: own?.timeUs ?? syslog!.timeUs,
    name: withoutRoot(name),
    type: readType(type),
    client,
    clientPort: Math.min(Number(port), 65_535),
  };
}

function bindTime(line: string, clock: Clock): { timeUs: number; length: number } | undefined {
  const match = BIND_TIME.exec(line) ?? BIND_ISO.exec(line);
  if (!match?.groups) return undefined;
  const { iso, day, month, year, hour, minute, second, ms } = match.groups;
  if (iso) {
    const [date = '', time = ''] = iso.replace('Z', '').split('T');
    const [isoYear, isoMonth, isoDay] = date.split('-').map(Number);
    const [isoHour, isoMinute, isoSecond] = time.split(':').map(Number);
    const timeUs = toEpochUs(clock, {
      year: isoYear!,
      month: isoMonth!,
      day: isoDay!,
      hour: isoHour!,
      minute: isoMinute!,
      second: Math.floor(isoSecond!),
      microsecond: Number((time.split('.')[1] ?? '').padEnd(6, '0')),
      ...(iso.endsWith('Z') ? { zone: 'Z' } : {}),
    });
    return timeUs === null ? undefined : { timeUs, length: match[0].length };
  }
  const timeUs = toEpochUs(clock, {
    year: Number(year),
    month: MONTHS.indexOf(month!) + 1,
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    microsecond: Number(ms) * 1000,
  });
  return timeUs === null ? undefined : { timeUs, length: match[0].length };
}
