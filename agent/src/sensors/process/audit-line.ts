// One record of the kernel's audit, as text: `type=SYSCALL msg=audit(1490995752.404:20614537): arch=c000003e ...`.
// The kernel sends what follows `msg=` with the type as a number. Text a user can choose is in double quotes, or in
// hex where it holds a quote, a blank or a control character (audit_log_untrustedstring), so it cannot forge a field;
// should a key come twice all the same, the first counts.

/** Numbers of the record types that something here reads (linux/audit.h, libaudit's audit-records.h). */
export const AUDIT_TYPES = {
  USER_AUTH: 1100,
  USER_ACCT: 1101,
  USER_MGMT: 1102,
  USER_END: 1106,
  USER_CHAUTHTOK: 1108,
  USER_ERR: 1109,
  USER_LOGIN: 1112,
  USER_LOGOUT: 1113,
  ADD_USER: 1114,
  DEL_USER: 1115,
  ADD_GROUP: 1116,
  DEL_GROUP: 1117,
  USER_CMD: 1123,
  SERVICE_START: 1130,
  SERVICE_STOP: 1131,
  GRP_MGMT: 1132,
  GRP_CHAUTHTOK: 1133,
  ACCT_LOCK: 1135,
  ACCT_UNLOCK: 1136,
  DAEMON_END: 1201,
  DAEMON_ABORT: 1202,
  SYSCALL: 1300,
  CONFIG_CHANGE: 1305,
  CWD: 1307,
  EXECVE: 1309,
  EOE: 1320,
  PROCTITLE: 1327,
  REPLACE: 1329,
} as const;

export type AuditType = keyof typeof AUDIT_TYPES;

export interface AuditRecord {
  type: AuditType;
  /** "1490995752.404:20614537": records with the same one are parts of one event. */
  serial: string;
  atUs: number;
  /** Values as they stand, quotes included; of the record itself and of what a daemon said in `msg='...'`. */
  fields: Map<string, string>;
  /** The text after the header. */
  text: string;
}

/** A kernel record is at most 8,970 bytes (MAX_AUDIT_MESSAGE_LENGTH); auditd's enriched form adds names to it. */
const RECORD_CHARACTERS_MAX = 32 * 1024;
/** Fields of one record: an EXECVE record of 8,970 bytes cannot hold more. */
const FIELDS_MAX = 4096;

const names = new Map<number, AuditType>(Object.entries(AUDIT_TYPES).map(([name, type]) => [type, name as AuditType]));
const LINE = /^(?:node=\S+ )?type=([A-Z][A-Z0-9_]*|UNKNOWN\[\d+\]) msg=/;
const HEADER = /^audit\((\d{1,12})\.(\d{3}):(\d{1,20})\): ?/;

/** A line of audit.log; undefined where it is not one, or of a type that says nothing we report. */
export function parseAuditLine(line: string): AuditRecord | undefined {
  const match = LINE.exec(line.length > 256 ? line.slice(0, 256) : line);
  if (!match || !Object.hasOwn(AUDIT_TYPES, match[1]!)) return undefined;
  return parseText(match[1] as AuditType, line.slice(match[0].length));
}

/** A record as the kernel sends it over netlink. */
export function parseAuditMessage(type: number, text: string): AuditRecord | undefined {
  const name = names.get(type);
  return name && parseText(name, text);
}

function parseText(type: AuditType, whole: string): AuditRecord | undefined {
  const header = HEADER.exec(whole.slice(0, 64));
  if (!header) return undefined;
  // After 0x1d auditd repeats ids as names (log_format = ENRICHED).
  const text = whole.slice(header[0].length, RECORD_CHARACTERS_MAX).split('\x1d', 1)[0]!.trim();
  return {
    type,
    serial: `${header[1]}.${header[2]}:${header[3]}`,
    atUs: Number(header[1]) * 1_000_000 + Number(header[2]) * 1000,
    fields: readFields(text),
    text,
  };
}

const KEY = /[A-Za-z0-9_[\]-]+/y;

function readFields(text: string): Map<string, string> {
  const fields = new Map<string, string>();
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
      at++;
      continue;
    }
    const end = valueEnd(text, at);
    if (!fields.has(key)) fields.set(key, text.slice(at, end));
    at = end;
  }
  return fields;
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

const ABSENT = new Set(['', '?', '(null)', '(none)', '(unknown)']);
const HEX = /^(?:[0-9A-Fa-f]{2})+$/;

/** The bytes of a value that is quoted, or in hex. */
export function encodedBytes(value: string): Buffer {
  if (value.startsWith('"')) return Buffer.from(value.endsWith('"') ? value.slice(1, -1) : value.slice(1));
  return HEX.test(value) ? Buffer.from(value, 'hex') : Buffer.from(value);
}

/** A field that a user can choose, decoded; empty where the record says there is none. */
export function encodedText(record: AuditRecord, key: string): string {
  const value = record.fields.get(key) ?? '';
  return ABSENT.has(value) ? '' : encodedBytes(value).toString();
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
