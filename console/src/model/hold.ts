import type { Hold } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import { type Column, renderPairs } from './table.ts';
import { humanTime, isoTime } from './time.ts';

export const HOLD_KEYS = [
  'id',
  'agent.id',
  'agent.name',
  'user.name',
  'from',
  'to',
  'reason',
  'made.by',
  'made.at',
  'removed.by',
  'removed.at',
] as const;

export function holdRecord(hold: Hold): JsonRecord {
  return {
    id: hold.id ?? '',
    'agent.id': hold.agentId || undefined,
    'agent.name': hold.agentName || undefined,
    'user.name': hold.user || undefined,
    from: isoTime(hold.fromUs),
    to: isoTime(hold.toUs),
    reason: hold.reason ?? '',
    'made.by': hold.madeBy ?? '',
    'made.at': isoTime(hold.madeAtUs),
    'removed.by': hold.removedBy || undefined,
    'removed.at': isoTime(hold.removedAtUs),
  };
}

export function holdColumns(utc: boolean): Column<Hold>[] {
  return [
    { title: 'HOLD', cell: ({ id }) => (id ?? '').slice(0, 10) },
    { title: 'AGENT', cell: ({ agentName, agentId }) => agentName || agentId || 'all', shrink: true },
    { title: 'USER', cell: ({ user }) => user || 'all', shrink: true },
    { title: 'FROM', cell: ({ fromUs }) => (fromUs ? humanTime(fromUs, utc) : 'the beginning') },
    { title: 'TO', cell: ({ toUs }) => (toUs ? humanTime(toUs, utc) : 'no end') },
    { title: 'STATE', cell: ({ removedAtUs }) => (removedAtUs ? 'removed' : 'in force') },
    { title: 'WHY', cell: ({ reason }) => reason ?? '', shrink: true },
  ];
}

export function holdPairs(hold: Hold, utc: boolean): string[] {
  const { removedAtUs } = hold;
  return renderPairs([
    ['hold', hold.id ?? ''],
    ['agent', hold.agentName || hold.agentId || 'all'],
    ['user', hold.user || 'all'],
    ['from', hold.fromUs ? humanTime(hold.fromUs, utc) : 'the beginning'],
    ['to', hold.toUs ? humanTime(hold.toUs, utc) : 'no end'],
    ['why', hold.reason ?? ''],
    ['made', `${humanTime(hold.madeAtUs, utc)} by ${hold.madeBy ?? ''}`],
    ['state', removedAtUs ? `removed ${humanTime(removedAtUs, utc)} by ${hold.removedBy ?? ''}` : 'in force'],
  ]);
}
