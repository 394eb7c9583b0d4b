// Kernel records as events: a pure step; what it must look up comes in as arguments.
import {
  Activity,
  ARGS_BYTES_MAX,
  EventClass,
  FIELD_ENTRIES_MAX,
  type HostEvent,
  Outcome,
  type Process,
} from '@threatguard/proto';
import type { Ancestor } from './ancestry.ts';
import type { ActorRecord, ExitRecord } from './ebpf-decode.ts';
import { parseCgroup } from './proc-facts.ts';

export interface EventContext {
  sensor: string;
  /** Wall clock minus the clock since boot, microseconds. */
  bootOffsetUs: number;
  userName(userId: number): string | undefined;
  parent: Ancestor | undefined;
  /** Hex, of the executable, where it is known already. */
  sha256?: string;
  /** Fields this kernel or host cannot show, by ECS name. */
  missing: string[];
}

/** The event of an exec. What the record lacks is named in `missing`. */
export function execEvent(record: ActorRecord, context: EventContext): HostEvent {
  const { process, missing } = describeProcess(record, context);
  return {
    ...common(record, context),
    activity: Activity.EXEC,
    process: { ...process, stdioSockets: record.stdio, executableSha256: context.sha256 },
    missing: context.sha256 ? missing : [...missing, 'process.hash.sha256'],
  };
}

/** A process that runs has another effective user now, or capabilities it did not have. */
export function credentialsEvent(record: ActorRecord, context: EventContext): HostEvent {
  const { process, missing } = describeProcess(record, context);
  return {
    ...common(record, context),
    activity: Activity.CREDENTIALS_CHANGED,
    // The one it has now is said also where it is the real user again: that is the news.
    process: {
      ...process,
      effectiveUserId: record.effectiveUserId,
      previousUserId: record.previousUserId,
      previousCapabilities: record.previousCapabilities,
    },
    missing,
  };
}

/** A process was given the right to look into another, or to change it. `target` is the other as far as it is known. */
export function traceEvent(record: ActorRecord, context: EventContext & { target: Ancestor | undefined }): HostEvent {
  const { process, missing } = describeProcess(record, context);
  const { target } = context;
  return {
    ...common(record, context),
    activity: Activity.TRACED,
    process,
    targetProcess: {
      pid: record.target.pid,
      name: record.target.name,
      startAtUs: wallUs(record.target.startBootNs, context),
      executable: target?.executable,
      args: target?.args ?? [],
    },
    missing: target ? missing : [...missing, 'threatguard.target.process.executable'],
  };
}

/** The event of an exit. A process ended by a signal has the code a shell gives it: 128 and the signal's number. */
export function exitEvent(record: ExitRecord, context: EventContext): HostEvent {
  const signal = record.exitStatus & 0x7f;
  return {
    ...common(record, context),
    activity: Activity.EXIT,
    process: {
      pid: record.pid,
      parentPid: record.parentPid,
      name: record.name,
      executable: context.parent?.executable,
      args: context.parent?.args ?? [],
      exitCode: signal === 0 ? (record.exitStatus >>> 8) & 0xff : 128 + signal,
      startAtUs: wallUs(record.startBootNs, context),
    },
    missing: context.missing,
  };
}

/** Everything a record says of its process, and what it does not, by ECS name. */
export function describeProcess(record: ActorRecord, context: EventContext): { process: Process; missing: string[] } {
  const { args, clipped } = clipArgs(record.args);
  const missing = [...context.missing];
  if (record.argsUnreadable && args.length === 0) missing.push('process.args');
  if (record.cut.executable || record.executable === '/') missing.push('process.executable');
  if (record.cut.workingDirectory) missing.push('process.working_directory');
  if (record.cut.cgroup) missing.push('threatguard.process.cgroup', 'container.id');
  if (!context.parent && record.parentPid !== 0) missing.push('process.parent.command_line');
  const process: Process = {
    pid: record.pid,
    parentPid: record.parentPid,
    name: record.name,
    executable: knownPath(record.executable),
    args,
    argsTruncated: record.argsTruncated || clipped,
    workingDirectory: record.workingDirectory,
    parentName: record.parentName,
    parentExecutable: knownPath(record.parentExecutable) || context.parent?.executable,
    parentArgs: context.parent?.args ?? [],
    loginUid: auditId(record.loginUserId),
    sessionId: auditId(record.sessionId),
    ...parseCgroup(`0::${record.cgroup}`),
    startAtUs: wallUs(record.startBootNs, context),
    tty: record.tty,
    deletedExecutable: record.deletedExecutable,
    memoryExecutable: record.memoryExecutable,
    executableInode: record.file.inode,
    capabilities: record.capabilities,
  };
  if (record.effectiveUserId !== record.userId) process.effectiveUserId = record.effectiveUserId;
  if (record.effectiveGroupId !== record.groupId) process.effectiveGroupId = record.effectiveGroupId;
  return { process, missing };
}

/** Of the wall clock, microseconds: a time of the kernel's clock since boot, which counts suspended time. */
export function wallUs(bootNs: number, { bootOffsetUs }: Pick<EventContext, 'bootOffsetUs'>): number {
  return Math.round(bootNs / 1000 + bootOffsetUs);
}

function common(record: ActorRecord | ExitRecord, context: EventContext): HostEvent {
  return {
    observedAtUs: wallUs(record.bootNs, context),
    class: EventClass.PROCESS,
    outcome: Outcome.SUCCESS,
    sensor: context.sensor,
    user: { id: record.userId, name: context.userName(record.userId), groupId: record.groupId },
  };
}

/** Audit ids are -1 until somebody logs on. */
function auditId(id: number): number | undefined {
  return id === 0xffff_ffff ? undefined : id;
}

/** A path the kernel could not give is the bare root, which is never an executable. */
function knownPath(path: string): string {
  return path === '/' ? '' : path;
}

/** Arguments within the contract's limits; broken UTF-8 grows when it is replaced, so bytes are counted again here. */
export function clipArgs(args: string[]): { args: string[]; clipped: boolean } {
  const kept: string[] = [];
  let room = ARGS_BYTES_MAX;
  for (const arg of args) {
    if (kept.length === FIELD_ENTRIES_MAX) return { args: kept, clipped: true };
    const bytes = Buffer.byteLength(arg);
    if (bytes > room) {
      const cut = cutText(Buffer.from(arg), room);
      return { args: cut === '' ? kept : [...kept, cut], clipped: true };
    }
    kept.push(arg);
    room -= bytes;
  }
  return { args: kept, clipped: false };
}

/** At most `bytesMax` of UTF-8, ending before a character that would not fit whole. */
function cutText(bytes: Buffer, bytesMax: number): string {
  let end = bytesMax;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}
