import type { Ca, CaHolder } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { age, humanTime, isoTime } from './time.ts';

/** Keys of a CA in JSON and CSV, in order. */
export const CA_KEYS = ['sha256', 'state', 'made_at', 'expires_at', 'certificates', 'holders'] as const;

export function caRecord(ca: Ca): JsonRecord {
  return {
    sha256: ca.sha256 ?? '',
    state: ca.state ?? '',
    made_at: isoTime(ca.madeAtUs),
    expires_at: isoTime(ca.expiresAtUs),
    certificates: ca.certificates ?? 0,
    holders: (ca.holders ?? []).map((holder) => ({
      kind: holder.kind ?? '',
      name: holder.name ?? '',
      certificate_expires_at: isoTime(holder.certificateExpiresAtUs),
      last_seen_at: isoTime(holder.lastSeenAtUs),
      connected: holder.connected ?? false,
    })),
  };
}

export function caColumns(utc: boolean): Column<Ca>[] {
  return [
    { title: 'SHA-256', cell: (ca) => ca.sha256 ?? '', shrink: true },
    { title: 'STATE', cell: (ca) => ca.state ?? '' },
    { title: 'MADE', cell: (ca) => humanTime(ca.madeAtUs, utc) },
    { title: 'EXPIRES', cell: (ca) => humanTime(ca.expiresAtUs, utc) },
    { title: 'CERTIFICATES', cell: (ca) => String(ca.certificates ?? 0), align: 'right' },
  ];
}

export function holderColumns(utc: boolean, nowMs: number): Column<CaHolder>[] {
  return [
    { title: 'KIND', cell: (holder) => holder.kind ?? '' },
    { title: 'NAME', cell: (holder) => holder.name ?? '', shrink: true },
    {
      title: 'SEEN',
      cell: (holder) => (holder.connected ? 'now' : holder.lastSeenAtUs ? age(holder.lastSeenAtUs, nowMs) : 'never'),
      align: 'right',
    },
    { title: 'CERTIFICATE UNTIL', cell: (holder) => humanTime(holder.certificateExpiresAtUs, utc) },
  ];
}
