// What a scan of /proc needs beside the facts of one process: who is there, since when, and where its streams lead.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { StdioSocket } from '@threatguard/proto';
import { readAttribute } from '../../kernel/libc.ts';
import { formatIPv6, STDIO_COUNT } from './ebpf-record.ts';

/** USER_HZ, the unit of times in /proc/PID/stat: 100 on every architecture we run on. */
const TICKS_PER_SECOND = 100;

export interface ProcStat {
  /** When it began, microseconds since boot: with the pid, what tells one process from a later one of the same number. */
  startUs: number;
  /** The kernel's own threads, which never execute a program. */
  kernelThread: boolean;
}

/** Numbers of all processes now. */
export function listPids(): number[] {
  return readdirSync('/proc').filter(isNumber).map(Number);
}

/** Undefined where the process is gone. */
export function readStat(pid: number): ProcStat | undefined {
  const text = unlessGone(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return text === undefined ? undefined : parseStat(text);
}

const FLAG_KERNEL_THREAD = 0x0020_0000; // PF_KTHREAD

/** The name stands in parentheses and may hold spaces and parentheses itself: the last one ends it. */
export function parseStat(text: string): ProcStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [flags, startTicks] = [fields[6], fields[19]].map(Number);
  if (flags === undefined || startTicks === undefined || !Number.isInteger(flags + startTicks)) return undefined;
  return { startUs: (startTicks / TICKS_PER_SECOND) * 1e6, kernelThread: (flags & FLAG_KERNEL_THREAD) !== 0 };
}

/** The standard streams of a process that are sockets; undefined where they are private or it is gone. */
export function readStdioSockets(pid: number): StdioSocket[] | undefined {
  const sockets: StdioSocket[] = [];
  for (let descriptor = 0; descriptor < STDIO_COUNT; descriptor++) {
    const target = readStream(pid, descriptor);
    if (target === undefined) return undefined;
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode) sockets.push({ descriptor, ...findSocket(pid, descriptor, inode) });
  }
  return sockets;
}

const CLOSED = '';

function readStream(pid: number, descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch (error) {
    // A closed stream has no link, and neither has a process that is gone.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && readStat(pid)) return CLOSED;
    if (GONE_OR_PRIVATE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** Where the sockets of a protocol are listed, by what the kernel calls it. */
const TABLES: Partial<Record<string, { table: string; family: string }>> = {
  TCP: { table: 'tcp', family: 'inet' },
  TCPv6: { table: 'tcp6', family: 'inet6' },
  UDP: { table: 'udp', family: 'inet' },
  UDPv6: { table: 'udp6', family: 'inet6' },
};
/** Inodes of sockets of the host itself: a service is started by the same few again and again. */
const local = new Set<string>();
const LOCAL_MAX = 4096;

/**
 * Both ends of a stream that is a socket, from the process's own network namespace. The tables are read only where it is
 * in one: on a host with many connections they are long, and most sockets that are standard streams are of the host itself.
 */
function findSocket(pid: number, descriptor: number, inode: string): Omit<StdioSocket, 'descriptor'> {
  if (local.has(inode)) return { family: 'unix' };
  // Without an answer it has been closed meanwhile.
  const protocol = readAttribute(`/proc/${pid}/fd/${descriptor}`, 'system.sockprotoname');
  const kind = TABLES[protocol ?? ''];
  if (kind) {
    const text = unlessGone(() => readFileSync(`/proc/${pid}/net/${kind.table}`, 'latin1')) ?? '';
    return { family: kind.family, ...parseSocketTable(text, inode) };
  }
  if (protocol !== undefined) local.add(inode);
  if (local.size > LOCAL_MAX) local.clear();
  return { family: 'unix' };
}

/** The line of /proc/net/tcp or tcp6 with this inode, read. */
export function parseSocketTable(text: string, inode: string): Omit<StdioSocket, 'descriptor' | 'family'> | undefined {
  for (const line of text.split('\n')) {
    const [, local, remote, , , , , , , found] = line.trim().split(/\s+/);
    if (found !== inode || !local || !remote) continue;
    const [localAddress, localPort] = endpoint(local);
    const [remoteAddress, remotePort] = endpoint(remote);
    return { localAddress, localPort, remoteAddress: remotePort === 0 ? '' : remoteAddress, remotePort };
  }
  return undefined;
}

/** `0100007F:0016`: 32-bit words of the address in the processor's order, then the port. */
function endpoint(text: string): [address: string, port: number] {
  const [words = '', port = ''] = text.split(':');
  const bytes = Buffer.from(words, 'hex').swap32();
  return [bytes.length === 4 ? [...bytes].join('.') : formatIPv6(bytes), Number.parseInt(port, 16)];
}

const isNumber = (text: string) => /^\d+$/.test(text);
const GONE_OR_PRIVATE = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR']);

function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (GONE_OR_PRIVATE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
