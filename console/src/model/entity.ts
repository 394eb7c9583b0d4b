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
    { title: 'BECAUSE OF', cell: (entity) => (entity.reasons ?? []).map(reasonText).join(', '), shrink: true },
  ];
}

function reasonText(reason: NonNullable<Entity['reasons']>[number]): string {
  return `${reason.title} (${(reason.contribution ?? 0).toFixed(0)})`;
}

function oneDecimal(value: number | null | undefined): number {
  return Math.round((value ?? 0) * 10) / 10;
}
