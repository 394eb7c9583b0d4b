import type { Entity } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { age, isoTime } from './time.ts';

/** Keys of an entity in JSON and CSV, in order. */
export const ENTITY_KEYS = ['kind', 'name', 'risk', 'first_seen_at', 'last_seen_at', 'reasons'] as const;

export function entityRecord(entity: Entity): JsonRecord {
  return {
    kind: entity.name?.kind ?? '',
    name: entity.name?.name ?? '',
    risk: oneDecimal(entity.risk),
    first_seen_at: isoTime(entity.firstSeenAtUs),
    last_seen_at: isoTime(entity.lastSeenAtUs),
    reasons: (entity.reasons ?? []).map((reason) => ({
      alert: reason.alertId ?? '',
      rule: reason.ruleId ?? '',
      title: reason.title ?? '',
      contribution: oneDecimal(reason.contribution),
      at: isoTime(reason.atUs),
    })),
  };
}

export function entityColumns(nowMs: number): Column<Entity>[] {
  return [
    { title: 'RISK', cell: (entity) => (entity.risk ?? 0).toFixed(0), align: 'right' },
    { title: 'KIND', cell: (entity) => entity.name?.kind ?? '' },
    { title: 'NAME', cell: (entity) => entity.name?.name ?? '', shrink: true },
    { title: 'SEEN', cell: (entity) => age(entity.lastSeenAtUs, nowMs), align: 'right' },
    { title: 'BECAUSE OF', cell: reasonsText, shrink: true },
  ];
}

/** What raised its risk, each once: how many alerts of it, and the most that one of them adds. */
export function reasonsText({ reasons }: Entity): string {
  const byTitle = new Map<string, { count: number; most: number }>();
  for (const { title, contribution } of reasons ?? []) {
    const known = byTitle.get(title ?? '') ?? { count: 0, most: 0 };
    byTitle.set(title ?? '', { count: known.count + 1, most: Math.max(known.most, contribution ?? 0) });
  }
  return [...byTitle]
    .map(([title, { count, most }]) => `${count > 1 ? `${count}x ` : ''}${title} (${most.toFixed(0)})`)
    .join(', ');
}

function oneDecimal(value: number | null | undefined): number {
  return Math.round((value ?? 0) * 10) / 10;
}
