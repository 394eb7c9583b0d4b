// Kernel records as events: a pure step; what it must look up comes in as arguments.
import { Activity, ARGS_BYTES_MAX, EventClass, FIELD_ENTRIES_MAX, type HostEvent, Outcome } from '@threatguard/proto';
import type { Ancestor } from './ancestry.ts';
import type { ExecRecord, ExitRecord } from './ebpf-record.ts';
import { parseCgroup } from './proc-facts.ts';

export interface EventContext {
  sensor: string;
  /** Wall clock minus the clock since boot, microseconds. */
  bootOffsetUs: number;
  userName(userId: number): string | undefined;
  parent: Ancestor | undefined;
  /** Fields this kernel or host cannot show, by ECS name. */
  missing: string[];
}

/** The event of an exec. What the record lacks is named in `missing`. */
export function execEvent(record: ExecRecord, context: EventContext): HostEvent {
  const { args, clipped } = clipArgs(record.args);
  const missing = [...context.missing];
  if (record.argsUnreadable && args.length === 0) missing.push('process.args');
  if (record.cut.executable || record.executable === '/') missing.push('process.executable');
  if (record.cut.workingDirectory) missing.push('process.working_directory');
  if (record.cut.cgroup) missing.push('threatguard.process.cgroup', 'container.id');
  if (!context.parent && record.parentPid !== 0) missing.push('process.parent.command_line');
  return {
    ...common(record, context),
    activity: Activity.EXEC,
    outcome: Outcome.SUCCESS,
    process: {
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
      stdioSockets: record.stdio,
      tty: record.tty,
      deletedExecutable: record.deletedExecutable,
    },
    missing,
  };
}

/** The event of an exit. A process ended by a signal has the code a shell gives it: 128 and the signal's number. */
export function exitEvent(record: ExitRecord, context: EventContext): HostEvent {
  const signal = record.exitStatus & 0x7f;
  return {
    ...common(record, context),
    activity: Activity.EXIT,
    outcome: Outcome.SUCCESS,
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

function common(record: ExecRecord | ExitRecord, context: EventContext): HostEvent {
  return {
    observedAtUs: wallUs(record.bootNs, context),
    class: EventClass.PROCESS,
    sensor: context.sensor,
    user: { id: record.userId, name: context.userName(record.userId), groupId: record.groupId },
  };
}

/** Audit ids are -1 until somebody logs on. */
function auditId(id: number): number | undefined {
  return id === 0xffff_ffff ? undefined : id;
}

function wallUs(bootNs: number, { bootOffsetUs }: EventContext): number {
  return Math.round(bootNs / 1000 + bootOffsetUs);
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
