import type { AgentSummary } from '@threatguard/proto';
import type { JsonRecord } from './json.ts';
import type { Column } from './table.ts';
import { age, isoTime } from './time.ts';

/** Keys of an agent in JSON and CSV, in order. */
export const AGENT_KEYS = [
  'id',
  'name',
  'group',
  'labels',
  'state',
  'address',
  'version',
  'os',
  'kernel',
  'enrolled_at',
  'last_seen_at',
  'certificate_expires_at',
  'events',
  'lost',
  'spooled_envelopes',
  'clock_offset_us',
  'kem_epoch',
  'sensors',
] as const;

export function agentRecord(agent: AgentSummary): JsonRecord {
  return {
    id: agent.id ?? '',
    name: agent.name ?? '',
    group: agent.group || undefined,
    labels: agent.labels ?? {},
    state: agent.state ?? '',
    address: agent.address || undefined,
    version: agent.version || undefined,
    os: agent.os || undefined,
    kernel: agent.kernel || undefined,
    enrolled_at: isoTime(agent.enrolledAtUs),
    last_seen_at: isoTime(agent.lastSeenAtUs),
    certificate_expires_at: isoTime(agent.certificateExpiresAtUs),
    events: agent.events ?? 0,
    lost: agent.lost ?? 0,
    spooled_envelopes: agent.spooledEnvelopes ?? 0,
    clock_offset_us: agent.clockOffsetUs ?? 0,
    kem_epoch: agent.kemEpoch ?? 0,
    sensors: (agent.sensors ?? []).map((sensor) => ({
      sensor: sensor.sensor ?? '',
      source: sensor.source ?? '',
      state: sensor.state ?? '',
      detail: sensor.detail || undefined,
      events: sensor.events ?? 0,
    })),
  };
}

export function agentColumns(nowMs: number): Column<AgentSummary>[] {
  return [
    { title: 'NAME', cell: (agent) => agent.name ?? '', shrink: true },
    { title: 'GROUP', cell: (agent) => agent.group ?? '', shrink: true, optional: true },
    { title: 'LABELS', cell: (agent) => labelText(agent.labels), shrink: true, optional: true },
    { title: 'STATE', cell: (agent) => agent.state ?? '' },
    { title: 'SEEN', cell: (agent) => age(agent.lastSeenAtUs, nowMs), align: 'right' },
    { title: 'EVENTS', cell: (agent) => String(agent.events ?? 0), align: 'right' },
    { title: 'LOST', cell: (agent) => String(agent.lost ?? 0), align: 'right' },
    { title: 'ADDRESS', cell: (agent) => agent.address ?? '', shrink: true, optional: true },
    { title: 'VERSION', cell: (agent) => agent.version ?? '', optional: true },
    { title: 'SENSORS', cell: (agent) => (agent.sensors ?? []).map(sensorText).join(', '), shrink: true },
    { title: 'ID', cell: (agent) => agent.id ?? '', shrink: true, optional: true },
  ];
}

/** As they are written: `env=prod role=web`. */
export function labelText(labels: Readonly<Record<string, string>> | null | undefined): string {
  return Object.entries(labels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function sensorText(sensor: NonNullable<AgentSummary['sensors']>[number]): string {
  const source = sensor.source ? `(${sensor.source})` : '';
  return `${sensor.sensor ?? ''}${source}${sensor.state && sensor.state !== 'running' ? ` ${sensor.state}` : ''}`;
}

/** What an agent's sensors cannot see, a sentence each; empty where all of them run in full. */
export function blindSpots(agent: AgentSummary): string[] {
  return (agent.sensors ?? [])
    .filter((sensor) => sensor.state !== 'running')
    .map((sensor) => {
      const detail = sensor.detail || 'it gave no reason';
      return `${agent.name ?? 'agent'}: ${sensor.sensor ?? 'a'} sensor ${sensor.state || 'not running'}: ${detail}`;
    });
}
