// Who else reads the kernel's audit from its multicast group (/proc/net/netlink).
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { NETLINK_AUDIT } from '../../kernel/netlink.ts';

/** The multicast group that gets every record (linux/audit.h). */
export const AUDIT_NLGRP_READLOG = 1;

/** Whether a row of /proc/net/netlink is another process that keeps what the multicast group gives, as journald does. */
export function isOtherListener(row: string, ours: ReadonlySet<string | undefined>): boolean {
  const columns = row.trim().split(/\s+/);
  const joined = (Number.parseInt(columns[3] ?? '', 16) & AUDIT_NLGRP_READLOG) !== 0;
  return columns[1] === String(NETLINK_AUDIT) && joined && !ours.has(columns.at(-1));
}

/** Whether any process but this one does. */
export function isRecordedElsewhere(): boolean {
  const ours = new Set(readdirSync('/proc/self/fd').map(inodeOf));
  const rows = readFileSync('/proc/net/netlink', 'utf8').split('\n').slice(1);
  return rows.some((row) => isOtherListener(row, ours));
}

/** The inode of a socket; undefined for any other descriptor, and for one that was closed meanwhile. */
function inodeOf(descriptor: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
  } catch {
    return undefined;
  }
}
