// A record as a syslog message (RFC 5424), framed by counting octets (RFC 6587 3.4.1, RFC 5425 4.3).
//
// The message has no BOM, though it may be UTF-8: readers of JSON and CEF take it for a part of theirs. JSON is ASCII.
import { FACILITIES, type SyslogSettings } from './settings.ts';
import type { ForwardRecord } from './target.ts';

const APP_NAME = 'threatguard';
/** RFC 5424 6: what each part may have. */
const HOSTNAME_MAX = 255;
const MSGID_MAX = 32;

/** Ours, 1 to 5, in theirs: 2 critical, 3 error, 4 warning, 5 notice, 6 informational. */
const SEVERITIES = [6, 6, 5, 4, 3, 2];

/** PRINTUSASCII of at most so many characters, `-` for nothing. */
function headerText(text: string, charactersMax: number): string {
  return text.replace(/[^\x21-\x7e]/g, '_').slice(0, charactersMax) || '-';
}

/** RFC 5424 6.3.3: a quote, a backslash and a closing bracket are escaped, and only they; controls are left out. */
export function parameterValue(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .replace(/["\\\]]/g, '\\$&');
}

/** Microseconds, as many as the form allows. */
function timestampOf(atUs: number): string {
  if (!(atUs > 0)) return '-';
  const micros = String(Math.trunc(atUs) % 1_000_000).padStart(6, '0');
  return `${new Date(Math.trunc(atUs / 1000)).toISOString().slice(0, 19)}.${micros}Z`;
}

/** The message without its frame. */
export function syslogMessage(
  record: ForwardRecord,
  settings: Pick<SyslogSettings, 'facility' | 'enterprise' | 'format'> & { hostname: string },
): string {
  const priority = FACILITIES.indexOf(settings.facility) * 8 + (SEVERITIES[record.severity] ?? 6);
  const header = [
    `<${priority}>1`,
    timestampOf(record.atUs),
    headerText(settings.hostname, HOSTNAME_MAX),
    APP_NAME,
    '-',
    headerText(record.kind, MSGID_MAX),
  ].join(' ');
  const data = `[threatguard@${settings.enterprise} key="${parameterValue(record.key)}" format="${settings.format}"]`;
  // A line end is no end here, but receivers that store lines would make two of it.
  return `${header} ${data} ${record.text.toWellFormed().replace(/[\r\n]+/g, ' ')}`;
}

/** Octets, a space, the message. */
export function octetFrame(message: string): Buffer {
  const bytes = Buffer.from(message, 'utf8');
  return Buffer.concat([Buffer.from(`${bytes.length} `), bytes]);
}
