// One record of the kernel's audit, as text: `type=SYSCALL msg=audit(1490995752.404:20614537): arch=c000003e ...`.
// The kernel sends what follows `msg=` with the type as a number; its log and journald write
// `audit: type=1300 audit(...): ...`. Text a user can choose is in double quotes, or in hex where it holds a quote, a
// blank or a control character (audit_log_untrustedstring), so it cannot forge a field. Not every daemon keeps to that:
// a field that a daemon gives twice, with two values, has none (`doubtful`).
import { AUDIT_TYPES, type AuditType, auditTypeOf } from './audit-types.ts';

export interface AuditRecord {
  type: AuditType;
  /** "1490995752.404:20614537": records with the same one are parts of one event. */
  serial: string;
  atUs: number;
  /** Values as they stand, quotes included; of the record itself and of what a daemon said in `msg='...'`. */
  fields: Map<string, string>;
  /** Keys left out of `fields` because the record gives them two values. */
  doubtful: readonly string[];
  /** The text after the header. */
  text: string;
  /** What auditd added after 0x1d (log_format = ENRICHED): ids as names. */
  enrichment: string;
}

/** A kernel record is at most 8,970 bytes (MAX_AUDIT_MESSAGE_LENGTH); auditd's enriched form adds names to it. */
const RECORD_CHARACTERS_MAX = 32 * 1024;
/** Fields of one record: an EXECVE record of 8,970 bytes cannot hold more. */
const FIELDS_MAX = 4096;
/** What a log may put before a record: a priority, a time, a host, a program. */
const HEAD_CHARACTERS_MAX = 512;

const TIME =
  '(?:[A-Z][a-z]{2} [ \\d]\\d (?:\\d{4} )?\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?|\\d{4}-\\d\\d-\\d\\d[T ]\\S{8,30})';
/** Only programs that hand audit records on: what another one writes may hold anything. */
const LOGGED = `(?:<\\d{1,3}>)?${TIME} \\S{1,255} (?:kernel|audit|audispd|audisp-syslog|auditd)(?:\\[\\d{1,10}\\])?: `;
const LINE = new RegExp(
  `^(?:${LOGGED})?(?:\\[ *\\d{1,12}\\.\\d{1,9}\\] )?(?:audit: )?(?:node=\\S{1,255} )?type=([A-Z][A-Z0-9_]{0,63}|UNKNOWN\\[\\d{1,5}\\]|\\d{1,5}) (?:msg=)?(?=audit\\()`,
);
const HEADER = /^audit\((\d{1,12})\.(\d{3}):(\d{1,20})\):? ?/;
/** ausearch puts these between events. */
const SEPARATOR = /^(?:----|time->.{0,64})$/;

/** A line taken apart as far as its kind: undefined for what is no audit record; '' for what ausearch puts between events. */
export function auditKindOf(line: string): string | undefined {
  if (SEPARATOR.test(line.length > 80 ? '' : line.trimEnd())) return '';
  const kind = LINE.exec(line.slice(0, HEAD_CHARACTERS_MAX))?.[1];
  if (kind === undefined) return undefined;
  const number = /^(?:UNKNOWN\[)?(\d+)\]?$/.exec(kind)?.[1];
  return number === undefined ? kind : (auditTypeOf(Number(number)) ?? kind);
}

/** A line of audit.log, of ausearch --raw, or of a log the kernel's records went to; undefined where it is none, or of a type not known here. */
export function parseAuditLine(line: string): AuditRecord | undefined {
  const kind = auditKindOf(line);
  if (!kind || !Object.hasOwn(AUDIT_TYPES, kind)) return undefined;
  const head = LINE.exec(line.slice(0, HEAD_CHARACTERS_MAX))![0];
  return parseText(kind as AuditType, line.slice(head.length));
}

/** The number of a kernel's record, also of a type not known here; undefined where there is none. */
export function readSerial(text: string): number | undefined {
  const serial = HEADER.exec(text.slice(0, 64))?.[3];
  return serial === undefined ? undefined : Number(serial);
}

/** A record as the kernel sends it over netlink. */
export function parseAuditMessage(type: number, text: string): AuditRecord | undefined {
  const name = auditTypeOf(type);
  return name && parseText(name, text);
}

function parseText(type: AuditType, whole: string): AuditRecord | undefined {
  const header = HEADER.exec(whole.slice(0, 64));
  if (!header) return undefined;
  const [said = '', enrichment = ''] = whole.slice(header[0].length, RECORD_CHARACTERS_MAX).split('\x1d', 2);
  const text = said.trim();
  return {
    type,
    serial: `${header[1]}.${header[2]}:${header[3]}`,
    atUs: Number(header[1]) * 1_000_000 + Number(header[2]) * 1000,
    ...readFields(text),
    text,
    enrichment,
  };
}

const KEY = /[A-Za-z0-9_[\]-]+/y;

/** The kernel's own fields come first and count; of what a daemon said, a field with two values is doubtful. */
function readFields(text: string): { fields: Map<string, string>; doubtful: string[] } {
  const fields = new Map<string, string>();
  const said = new Set<string>();
  const doubtful = new Set<string>();
  let inside = false;
  for (let at = 0; at < text.length && fields.size < FIELDS_MAX; ) {
    KEY.lastIndex = at;
    const key = KEY.exec(text)?.[0];
    if (key === undefined || text[at + key.length] !== '=') {
      at += Math.max(1, key?.length ?? 1);
      continue;
    }
    at += key.length + 1;
    // What a daemon said: its fields are read as if they stood here.
    if (key === 'msg' && text[at] === "'") {
      inside = true;
      at++;
      continue;
    }
    const end = valueEnd(text, at);
    const value = text.slice(at, end);
    if (!fields.has(key)) {
      fields.set(key, value);
      if (inside) said.add(key);
    } else if (said.has(key) && fields.get(key) !== value) doubtful.add(key);
    at = end;
  }
  for (const key of doubtful) fields.delete(key);
  return { fields, doubtful: [...doubtful] };
}

function valueEnd(text: string, start: number): number {
  if (text[start] === '"') {
    const close = text.indexOf('"', start + 1);
    return close < 0 ? text.length : close + 1;
  }
  let end = start;
  while (end < text.length && text[end] !== ' ' && text[end] !== "'") end++;
  // Daemons of RHEL 5 and before: `(hostname=?, addr=?, terminal=ssh res=failed)`.
  if (text[end - 1] === ',' || (text[end - 1] === ')' && text[start] !== '(')) end--;
  return Math.max(start, end);
}

const ABSENT = new Set(['', '?', '"?"', '(null)', '(none)', '(unknown)']);
const HEX = /^(?:[0-9A-Fa-f]{2})+$/;

/** The bytes of a value that is quoted, or in hex. */
export function encodedBytes(value: string): Buffer {
  if (value.startsWith('"'))
    return Buffer.from(value.length > 1 && value.endsWith('"') ? value.slice(1, -1) : value.slice(1));
  return HEX.test(value) ? Buffer.from(value, 'hex') : Buffer.from(value);
}

/** The same as text. What is quoted needs no bytes, and is most of what comes. */
export function decodeText(value: string): string {
  if (value.startsWith('"')) return value.length > 1 && value.endsWith('"') ? value.slice(1, -1) : value.slice(1);
  return HEX.test(value) ? Buffer.from(value, 'hex').toString() : value;
}

/** A field that a user can choose, decoded; empty where the record says there is none. */
export function encodedText(record: AuditRecord, key: string): string {
  const value = record.fields.get(key) ?? '';
  return ABSENT.has(value) ? '' : decodeText(value);
}

/** A field that is never in hex; empty where the record says there is none. */
export function plainText(record: AuditRecord, key: string): string {
  const value = (record.fields.get(key) ?? '').replace(/^"(.*)"$/s, '$1');
  return ABSENT.has(value) ? '' : value;
}

/** "unset" (-1) of auid and ses, which a kernel prints as 4294967295. */
const UNSET = 0xffff_ffff;

/** A decimal field of at most 32 bits; undefined where it is absent, unset or anything else. */
export function plainNumber(record: AuditRecord, key: string): number | undefined {
  const value = record.fields.get(key) ?? '';
  if (!/^\d{1,10}$/.test(value)) return undefined;
  const number = Number(value);
  return number < UNSET ? number : undefined;
}

/** The name auditd put beside an id: `UID="root"`; empty where it did not, or knew none. */
export function enrichedName(record: AuditRecord, key: 'UID' | 'AUID' | 'ID'): string {
  const name = new RegExp(`(?:^|\\s)${key}="([^"]{1,256})"`).exec(record.enrichment.slice(0, 4096))?.[1] ?? '';
  return name === 'unset' || name === 'unknown' || name.startsWith('unknown(') ? '' : name;
}

/** Whom the kernel names as the one who acts. */
export function actor(record: AuditRecord): { id: number | undefined; name?: string } {
  const name = enrichedName(record, 'UID');
  return { id: plainNumber(record, 'uid'), ...(name && { name }) };
}
