// One process that takes hold of another: ptrace(2) attaching, or process_vm_writev(2); OBJ_PID names the other.
import { Activity, EventClass, type HostEvent, Outcome } from '@threatguard/proto';
import { callKind } from './audit-calls.ts';
import { type AuditRecord, encodedText, plainNumber, plainText } from './audit-line.ts';
import { AUDIT_SENSOR, readCaller, readTitle } from './audit-process.ts';

/** PTRACE_ATTACH and PTRACE_SEIZE, in hex; process_vm_writev has a process id there. */
const ATTACH = new Set(['10', '4206']);
const PTRACE_CALLS = new Set(['101', '26', '117']);

export function traceEvent(records: readonly AuditRecord[]): HostEvent | undefined {
  const call = records.find((record) => record.type === 'SYSCALL');
  if (!call || callKind(call) !== 'trace') return undefined;
  if (PTRACE_CALLS.has(plainText(call, 'syscall')) && !ATTACH.has(plainText(call, 'a0'))) return undefined;
  const other = records.find((record) => record.type === 'OBJ_PID');
  const { user, process, missing = [] } = readCaller(call);
  return {
    observedAtUs: call.atUs,
    class: EventClass.PROCESS,
    activity: Activity.TRACED,
    outcome: call.fields.get('success') === 'no' ? Outcome.FAILURE : Outcome.SUCCESS,
    sensor: AUDIT_SENSOR,
    user,
    process: { ...process, ...readTitle(records) },
    targetProcess: other ? { pid: plainNumber(other, 'opid'), name: encodedText(other, 'ocomm') } : undefined,
    missing: other ? missing : [...missing, 'threatguard.target.process.pid'],
  };
}
