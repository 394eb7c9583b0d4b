// What every event of a system call has: who did it, with which process.
import type { HostEvent, Process } from '@threatguard/proto';
import { type AuditRecord, actor, encodedText, plainNumber, plainText } from './audit-line.ts';

export const AUDIT_SENSOR = 'process.audit';
const DELETED = ' (deleted)';
/** What an event has none of where the SYSCALL record was lost. */
const CALL_FIELDS = ['process.pid', 'process.name', 'process.executable', 'user.id', 'event.outcome'];

/** User and process of a SYSCALL record; of an event without one, the names of what is missing. */
export function readCaller(call: AuditRecord | undefined): Pick<HostEvent, 'user' | 'missing'> & { process: Process } {
  if (!call) return { process: {}, missing: [...CALL_FIELDS] };
  const path = encodedText(call, 'exe');
  const userId = plainNumber(call, 'uid');
  const effective = plainNumber(call, 'euid');
  const effectiveGroup = plainNumber(call, 'egid');
  return {
    user: { ...actor(call), groupId: plainNumber(call, 'gid') },
    process: {
      pid: plainNumber(call, 'pid'),
      parentPid: plainNumber(call, 'ppid'),
      name: encodedText(call, 'comm'),
      executable: path.endsWith(DELETED) ? path.slice(0, -DELETED.length) : path,
      deletedExecutable: path.endsWith(DELETED),
      memoryExecutable: path.startsWith('/memfd:'),
      loginUid: plainNumber(call, 'auid'),
      sessionId: plainNumber(call, 'ses'),
      tty: plainText(call, 'tty'),
      ...(effective !== userId && { effectiveUserId: effective }),
      ...(effectiveGroup !== plainNumber(call, 'gid') && { effectiveGroupId: effectiveGroup }),
    },
    missing: [],
  };
}

/** The command line as PROCTITLE has it: at most its first 128 bytes, NUL between arguments. */
export function readTitle(records: readonly AuditRecord[]): { args: string[]; argsTruncated: boolean } {
  const title = records.find((record) => record.type === 'PROCTITLE');
  const text = title ? encodedText(title, 'proctitle') : '';
  return { args: text === '' ? [] : text.split('\0'), argsTruncated: true };
}
