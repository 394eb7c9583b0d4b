// What a system call did to files, from its PATH records: which entries of a directory came and went, and which file was
// written or given another owner or mode. Reading is no event.
import { posix } from 'node:path';
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { type CallKind, callKind } from './audit-calls.ts';
import { type AuditRecord, encodedText, plainNumber, plainText } from './audit-line.ts';
import { AUDIT_SENSOR, readCaller, readTitle } from './audit-process.ts';

/** O_WRONLY, O_RDWR, O_TRUNC: opened for anything but reading. */
const WRITES = 0o1 | 0o2 | 0o1000;
const AT_CURRENT_DIRECTORY = 0xffff_ff9c;

/** One event for each path that a call changed, or tried to; none where it changed none. */
export function fileEvents(records: readonly AuditRecord[]): HostEvent[] {
  const call = records.find((record) => record.type === 'SYSCALL');
  if (!call) return [];
  const kind = callKind(call);
  if (kind === 'exec' || kind === 'connect' || kind === 'accept') return [];
  const { user, process, missing = [] } = readCaller(call);
  if (Number(call.fields.get('items')) > pathsOf(records).length) missing.push('file.path');
  return [...foldChanges(records, kind)].map(([path, { activity, record, certain }]) => ({
    observedAtUs: call.atUs,
    class: EventClass.FILE,
    activity,
    outcome: call.fields.get('success') === 'no' ? Outcome.FAILURE : Outcome.SUCCESS,
    sensor: AUDIT_SENSOR,
    user,
    process: { ...process, ...readTitle(records) },
    file: {
      path,
      mode: readMode(record),
      ownerId: plainNumber(record, 'ouid'),
      groupId: plainNumber(record, 'ogid'),
    },
    missing: certain ? missing : [...missing, 'file.path'],
  }));
}

const pathsOf = (records: readonly AuditRecord[]) => records.filter(({ type }) => type === 'PATH');

interface Change {
  activity: Activity;
  record: AuditRecord;
  certain: boolean;
}

/** A path that is removed and made in one call, as by a rename over it, was modified. */
function foldChanges(records: readonly AuditRecord[], kind: CallKind | undefined): Map<string, Change> {
  const changes = new Map<string, Change>();
  for (const record of pathsOf(records)) {
    const activity = activityOf(record, kind, records);
    if (activity === undefined) continue;
    const { path, certain } = resolvePath(record, records);
    const before = changes.get(path)?.activity;
    const replaced = before !== undefined && before !== activity;
    if (path !== '') changes.set(path, { activity: replaced ? Activity.FILE_MODIFIED : activity, record, certain });
  }
  return changes;
}

/** `nametype` of kernels since 3.16, `objtype` of those before. */
function activityOf(
  record: AuditRecord,
  kind: CallKind | undefined,
  records: readonly AuditRecord[],
): Activity | undefined {
  const type = plainText(record, 'nametype') || plainText(record, 'objtype');
  if (type === 'CREATE') return Activity.FILE_CREATED;
  if (type === 'DELETE') return Activity.FILE_DELETED;
  if (type !== 'NORMAL') return undefined;
  if (kind === 'attributes') return Activity.FILE_ATTRIBUTES;
  if (kind === 'write' || ((kind === 'open' || kind === 'openat') && opensToWrite(records, kind)))
    return Activity.FILE_MODIFIED;
  return undefined;
}

function opensToWrite(records: readonly AuditRecord[], kind: 'open' | 'openat'): boolean {
  const call = records.find((record) => record.type === 'SYSCALL')!;
  return (argument(call, kind === 'open' ? 'a1' : 'a2') & WRITES) !== 0;
}

/** The low 32 bits of an argument, which are written in hex. */
function argument(call: AuditRecord, key: string): number {
  const value = plainText(call, key);
  return /^[0-9a-f]{1,16}$/.test(value) ? Number.parseInt(value.slice(-8), 16) : 0;
}

/** A relative name stands below the working directory, unless the call was given another one, which no record names. */
function resolvePath(record: AuditRecord, records: readonly AuditRecord[]): { path: string; certain: boolean } {
  const name = encodedText(record, 'name');
  if (name === '' || name.startsWith('/')) return { path: name, certain: name !== '' };
  const cwd = records.find(({ type }) => type === 'CWD');
  const call = records.find(({ type }) => type === 'SYSCALL')!;
  const elsewhere = takesDirectory(call) && argument(call, 'a0') !== AT_CURRENT_DIRECTORY;
  if (!cwd || elsewhere) return { path: name, certain: false };
  return { path: posix.join(encodedText(cwd, 'cwd') || '/', name), certain: true };
}

/** The calls whose name ends in "at": the first argument is a directory. Those of arm64 all are. */
function takesDirectory(call: AuditRecord): boolean {
  const number = Number(plainText(call, 'syscall'));
  const arch = plainText(call, 'arch');
  if (arch === 'c000003e') return number >= 257;
  return arch === 'c00000b7' ? ![5, 6, 14, 15, 45].includes(number) : number >= 295;
}

function readMode(record: AuditRecord): number {
  const value = plainText(record, 'mode');
  return /^[0-7]{1,7}$/.test(value) ? Number.parseInt(value, 8) & 0o7777 : 0;
}
