import { Activity, EventClass, FIELD_ENTRIES_MAX, type HostEvent, Outcome, type Process } from '@threatguard/proto';
import { type AuditRecord, encodedBytes, encodedText, plainNumber, plainText } from './audit-line.ts';
import { clipArgs } from './exec-event.ts';

export const AUDIT_SENSOR = 'process.audit';
const DELETED = ' (deleted)';
/** execve and execveat of each architecture, by what audit calls it: x86-64, i386, arm64, arm. */
const EXEC_CALLS: Record<string, readonly string[]> = {
  c000003e: ['59', '322'],
  '40000003': ['11', '358'],
  c00000b7: ['221', '281'],
  '40000028': ['11', '387'],
};

/** The exec that these records of one serial describe; undefined where they describe none that succeeded. */
export function execEvent(records: readonly AuditRecord[]): HostEvent | undefined {
  const call = records.find((record) => record.type === 'SYSCALL');
  const execve = records.filter((record) => record.type === 'EXECVE');
  if (!call || call.fields.get('success') === 'no') return undefined;
  if (execve.length === 0 && !isExecCall(call)) return undefined;
  const missing = ['process.parent.name', 'process.parent.executable'];
  const path = encodedText(call, 'exe');
  const process: Process = {
    pid: plainNumber(call, 'pid'),
    parentPid: plainNumber(call, 'ppid'),
    name: encodedText(call, 'comm'),
    executable: path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path,
    deletedExecutable: path.endsWith(DELETED),
    loginUid: plainNumber(call, 'auid'),
    sessionId: plainNumber(call, 'ses'),
    tty: plainText(call, 'tty'),
    ...(execve.length > 0 ? readArguments(execve) : readTitle(records)),
  };
  if (process.argsTruncated) missing.push('process.args');
  const cwd = records.find((record) => record.type === 'CWD');
  if (cwd) process.workingDirectory = encodedText(cwd, 'cwd');
  else missing.push('process.working_directory');
  return {
    observedAtUs: call.atUs,
    class: EventClass.PROCESS,
    activity: Activity.EXEC,
    outcome: Outcome.SUCCESS,
    sensor: AUDIT_SENSOR,
    user: { id: plainNumber(call, 'uid') },
    process,
    missing,
  };
}

function isExecCall(call: AuditRecord): boolean {
  return EXEC_CALLS[plainText(call, 'arch')]?.includes(plainText(call, 'syscall')) ?? false;
}

/** Where the EXECVE record was lost: the first 128 bytes of the arguments, NUL between them. */
function readTitle(records: readonly AuditRecord[]): { args: string[]; argsTruncated: boolean } {
  const title = records.find((record) => record.type === 'PROCTITLE');
  const text = title ? encodedText(title, 'proctitle') : '';
  return { args: text === '' ? [] : text.split('\0'), argsTruncated: true };
}

/**
 * Arguments from EXECVE records: `argc=2 a0="ls" a1=2D6C`, or in pieces over several records where one does not hold
 * them: `a1_len=20000 a1[0]=2F62 ... a1[1]=...`. Bounded; what is left out is said by `argsTruncated`.
 */
function readArguments(records: readonly AuditRecord[]): { args: string[]; argsTruncated: boolean } {
  const fields = new Map<string, string>();
  for (const record of records) {
    for (const [key, value] of record.fields) if (!fields.has(key)) fields.set(key, value);
  }
  const count = Number(fields.get('argc') ?? Number.NaN);
  const args: string[] = [];
  let truncated = !Number.isInteger(count) || count > FIELD_ENTRIES_MAX;
  for (let index = 0; index < Math.min(count || 0, FIELD_ENTRIES_MAX); index++) {
    const arg = readArgument(fields, index);
    truncated ||= !arg.complete;
    args.push(arg.text);
  }
  const kept = clipArgs(args);
  return { args: kept.args, argsTruncated: truncated || kept.clipped };
}

function readArgument(fields: Map<string, string>, index: number): { text: string; complete: boolean } {
  const whole = fields.get(`a${index}`);
  if (whole !== undefined) return { text: encodedBytes(whole).toString(), complete: true };
  const pieces: Buffer[] = [];
  for (let piece = fields.get(`a${index}[0]`); piece !== undefined; piece = fields.get(`a${index}[${pieces.length}]`)) {
    pieces.push(encodedBytes(piece));
  }
  const bytes = Buffer.concat(pieces);
  // The length counts characters as written: two for each byte where the pieces are in hex.
  const length = Number(fields.get(`a${index}_len`) ?? Number.NaN);
  return {
    text: bytes.toString(),
    complete: pieces.length > 0 && (length === bytes.length || length === bytes.length * 2),
  };
}
