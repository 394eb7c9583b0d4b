import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const REMOTE = ['/lib/systemd/systemd-journal-remote', '/usr/lib/systemd/systemd-journal-remote'].find(existsSync);

/** Whether real journal files can be made here. */
export const canWriteJournals = REMOTE !== undefined && existsSync('/usr/bin/journalctl');

export const MACHINE_ID = '0123456789abcdef0123456789abcdef';

export interface WrittenEntry {
  message: string | Buffer;
  timeUs: number;
  /** 1, 2, ... */
  boot?: number;
  machineId?: string;
  fields?: Record<string, string>;
}

/** Appends entries to DIRECTORY/NAME.journal, in the format journald writes. */
export function writeJournal(directory: string, name: string, entries: WrittenEntry[]): void {
  const input = Buffer.concat(entries.map(exportEntry));
  const { status, stderr } = spawnSync(REMOTE!, ['--output', join(directory, `${name}.journal`), '-'], { input });
  if (status !== 0) throw new Error(`systemd-journal-remote: ${stderr}`);
}

function exportEntry({ message, timeUs, boot = 1, machineId = MACHINE_ID, fields }: WrittenEntry): Buffer {
  const all: Record<string, string> = {
    __REALTIME_TIMESTAMP: String(timeUs),
    __MONOTONIC_TIMESTAMP: String(timeUs % 1e9),
    _BOOT_ID: String(boot).padStart(32, 'b'),
    _MACHINE_ID: machineId,
    _HOSTNAME: 'web',
    _PID: '7',
    _UID: '0',
    SYSLOG_FACILITY: '10',
    SYSLOG_IDENTIFIER: 'sshd',
    ...fields,
  };
  const text = Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
  const bytes = Buffer.from(message);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${text}MESSAGE\n`), length, bytes, Buffer.from('\n\n')]);
}
