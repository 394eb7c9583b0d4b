import { Activity, EventClass, FIELD_ENTRIES_MAX, type HostEvent, Outcome } from '@threatguard/proto';
import { callKind } from './audit-calls.ts';
import { type AuditRecord, decodeText, encodedBytes, encodedText, plainNumber } from './audit-line.ts';
import { AUDIT_SENSOR, readCaller, readTitle } from './audit-process.ts';
import { clipArgs } from './exec-event.ts';

/**
 * The exec that these records of one serial describe; undefined where they describe none, or one that failed and started
 * nothing. Where its SYSCALL record was lost it is told all the same, with what is missing named.
 */
export function execEvent(records: readonly AuditRecord[]): HostEvent | undefined {
  const [first] = records;
  const call = records.find((record) => record.type === 'SYSCALL');
  const execve = records.filter((record) => record.type === 'EXECVE');
  if (!first || call?.fields.get('success') === 'no') return undefined;
  if (execve.length === 0 && (!call || callKind(call) !== 'exec')) return undefined;
  const { user, process, missing = [] } = readCaller(call);
  Object.assign(process, execve.length > 0 ? readArguments(execve) : readTitle(records), readProgram(records));
  missing.push('process.parent.name', 'process.parent.executable');
  if (process.argsTruncated) missing.push('process.args');
  const cwd = records.find((record) => record.type === 'CWD');
  if (cwd) process.workingDirectory = encodedText(cwd, 'cwd');
  else missing.push('process.working_directory');
  return {
    observedAtUs: first.atUs,
    class: EventClass.PROCESS,
    activity: Activity.EXEC,
    outcome: call ? Outcome.SUCCESS : Outcome.OUTCOME_UNSPECIFIED,
    sensor: AUDIT_SENSOR,
    user,
    process,
    missing,
  };
}

/** PATH item 0 is the program: a script's own file, where `exe` is its interpreter. */
function readProgram(records: readonly AuditRecord[]): { executableInode?: number } {
  const program = records.find((record) => record.type === 'PATH' && record.fields.get('item') === '0');
  const inode = program && plainNumber(program, 'inode');
  const exe = records.find((record) => record.type === 'SYSCALL');
  return inode && exe && program && encodedText(program, 'name') === encodedText(exe, 'exe')
    ? { executableInode: inode }
    : {};
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
  if (whole !== undefined) return { text: decodeText(whole), complete: true };
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
