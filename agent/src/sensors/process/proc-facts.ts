// A process as /proc shows it now (proc(5)). Short-lived ones are often gone before it is read, or half way through.
import { readFileSync, readlinkSync } from 'node:fs';
import { ARGS_BYTES_MAX, type Process } from '@threatguard/proto';

const DELETED = ' (deleted)';
/** "unset" (-1) of loginuid and sessionid. */
const UNSET = 0xffff_ffff;

export interface ProcessFacts {
  process: Process;
  userId: number | undefined;
  /** ECS names of what could not be read. */
  missing: string[];
}

/** Everything a process event needs of `pid`; undefined where there is no such process any more. */
export function readProcessFacts(pid: number, proc = '/proc'): ProcessFacts | undefined {
  const status = readText(`${proc}/${pid}/status`);
  if (status === undefined) return undefined;
  const missing: string[] = [];
  const need = <T>(value: T | undefined, field: string): T | undefined => {
    if (value === undefined) missing.push(field);
    return value;
  };
  const parentPid = statusNumber(status, 'PPid');
  const executable = need(readLink(`${proc}/${pid}/exe`), 'process.executable');
  const cgroup = readText(`${proc}/${pid}/cgroup`);
  const process: Process = {
    pid,
    parentPid,
    name: statusName(status),
    ...parseExecutable(executable ?? ''),
    ...parseCommandLine(need(readText(`${proc}/${pid}/cmdline`), 'process.args') ?? ''),
    workingDirectory: need(readLink(`${proc}/${pid}/cwd`), 'process.working_directory'),
    loginUid: readId(`${proc}/${pid}/loginuid`),
    sessionId: readId(`${proc}/${pid}/sessionid`),
    ...parseCgroup(cgroup ?? ''),
    ...(parentPid ? readParent(parentPid, proc) : {}),
  };
  return { process, userId: need(statusNumber(status, 'Uid'), 'user.id'), missing };
}

/** 0 where the process has gone. */
export function readParentPid(pid: number, proc = '/proc'): number {
  return statusNumber(readText(`${proc}/${pid}/status`) ?? '', 'PPid') ?? 0;
}

/** Name, executable and arguments of a parent, as far as it is still there. */
export function readParent(parentPid: number, proc = '/proc'): Partial<Process> {
  const status = readText(`${proc}/${parentPid}/status`);
  if (status === undefined) return {};
  return {
    parentName: statusName(status),
    parentExecutable: parseExecutable(readLink(`${proc}/${parentPid}/exe`) ?? '').executable,
    parentArgs: parseCommandLine(readText(`${proc}/${parentPid}/cmdline`) ?? '').args,
  };
}

function parseExecutable(link: string): { executable: string; deletedExecutable: boolean } {
  if (!link.endsWith(DELETED)) return { executable: link, deletedExecutable: false };
  return { executable: link.slice(0, -DELETED.length), deletedExecutable: true };
}

/** /proc/PID/cmdline: each argument ends with NUL, except where the process has written over it. */
export function parseCommandLine(text: string): { args: string[]; argsTruncated: boolean } {
  const bytes = Buffer.byteLength(text);
  const kept = bytes > ARGS_BYTES_MAX ? Buffer.from(text).subarray(0, ARGS_BYTES_MAX).toString() : text;
  const args = kept === '' ? [] : kept.replace(/\0$/, '').split('\0');
  return { args, argsTruncated: bytes > ARGS_BYTES_MAX };
}

/** The unified hierarchy's line (`0::/path`) or the first; a container id is the 64 hex digits in it. */
export function parseCgroup(text: string): { cgroup: string; containerId: string } {
  const lines = text.split('\n');
  const line = lines.find((candidate) => candidate.startsWith('0::')) ?? lines[0] ?? '';
  const cgroup = line.split(':').slice(2).join(':');
  return { cgroup, containerId: /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/.exec(cgroup)?.[0] ?? '' };
}

function statusName(status: string): string {
  return /^Name:\t(.*)$/m.exec(status)?.[1] ?? '';
}

function statusNumber(status: string, key: 'PPid' | 'Uid'): number | undefined {
  const value = (key === 'PPid' ? /^PPid:\t(\d+)/m : /^Uid:\t(\d+)/m).exec(status)?.[1];
  return value === undefined ? undefined : Number(value);
}

function readId(path: string): number | undefined {
  const value = Number(readText(path) ?? Number.NaN);
  return Number.isInteger(value) && value < UNSET ? value : undefined;
}

/** Undefined where the process has gone (ENOENT, ESRCH) or is another user's (EACCES): both are ordinary here. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
