import type { GetAgentResponse, Loss } from '@threatguard/proto';
import { agentRecord, labelText } from './agent.ts';
import { counted } from './counted.ts';
import type { JsonRecord } from './json.ts';
import { percentText } from './percent.ts';
import { type Column, renderPairs } from './table.ts';
import { age, humanTime, isoTime, zoneName } from './time.ts';

interface Look {
  utc: boolean;
  nowMs: number;
}

/** What `agents show` prints as JSON and CSV: the record of `agents list`, and what only one agent is asked for. */
export function agentDetailRecord(detail: GetAgentResponse): JsonRecord {
  return {
    ...agentRecord(detail.agent ?? {}),
    machine_id: detail.machineId || undefined,
    signing_key_id: detail.signingKeyId || undefined,
    newest_event_at: isoTime(detail.newestEventAtUs),
    lag_us: detail.newestEventAtUs ? lagUs(detail) : undefined,
    observed_hour: detail.observedHour ?? 0,
    observed_day: detail.observedDay ?? 0,
    losses: (detail.losses ?? []).map((loss) => ({
      sensor: loss.sensor ?? '',
      reason: loss.reason ?? '',
      count: loss.count ?? 0,
      first_at: isoTime(loss.firstAtUs),
      last_at: isoTime(loss.lastAtUs),
    })),
  };
}

/** The agent as aligned pairs, its sensors among them. */
export function agentDetailPairs(detail: GetAgentResponse, look: Look): string[] {
  const agent = detail.agent ?? {};
  const time = (us: number | null | undefined) => `${humanTime(us, look.utc)} ${zoneName(look.nowMs, look.utc)}`;
  return renderPairs([
    ['name', agent.name ?? ''],
    ['id', agent.id ?? ''],
    ['group', agent.group || '-'],
    ['labels', labelText(agent.labels) || '-'],
    ['state', agent.state ?? ''],
    ['address', agent.address || '-'],
    ['machine id', detail.machineId || '-'],
    ['signing key', detail.signingKeyId || '-'],
    ['version', agent.version || '-'],
    ['system', [agent.os, agent.kernel].filter(Boolean).join(', ') || '-'],
    ['enrolled', time(agent.enrolledAtUs)],
    ['certificate until', time(agent.certificateExpiresAtUs)],
    ['last seen', `${time(agent.lastSeenAtUs)} (${age(agent.lastSeenAtUs, look.nowMs)} ago)`],
    ['lag', lagText(detail)],
    ['clock', clockText(agent.clockOffsetUs ?? 0)],
    ['events', `${agent.events ?? 0} stored, ${agent.lost ?? 0} lost`],
    ['last hour', `${percentText(detail.observedHour ?? 0)} was observed`],
    ['last day', `${percentText(detail.observedDay ?? 0)} was observed`],
    ...(agent.sensors ?? []).map((sensor) => {
      const how = [sensor.state, sensor.source && `by ${sensor.source}`, sensor.events && `${sensor.events} events`];
      return [
        `sensor ${sensor.sensor ?? ''}`,
        [how.filter(Boolean).join(', '), sensor.detail].filter(Boolean).join(': '),
      ] as const;
    }),
  ]);
}

export function lossColumns(utc: boolean): Column<Loss>[] {
  return [
    { title: 'LAST', cell: (loss) => humanTime(loss.lastAtUs, utc) },
    { title: 'FIRST', cell: (loss) => humanTime(loss.firstAtUs, utc) },
    { title: 'LOST', cell: (loss) => String(loss.count ?? 0), align: 'right' },
    { title: 'SENSOR', cell: (loss) => loss.sensor ?? '', shrink: true },
    { title: 'REASON', cell: (loss) => (loss.reason ?? '').replaceAll('_', ' '), shrink: true },
  ];
}

function lagText(detail: GetAgentResponse): string {
  const waiting = detail.agent?.spooledEnvelopes ?? 0;
  const spool = `${counted(waiting, 'envelope')} in its spool`;
  if (!detail.newestEventAtUs) return `no event yet, ${spool}`;
  return `newest event stored ${(lagUs(detail) / 1e6).toFixed(2)} s after it happened, ${spool}`;
}

function clockText(offsetUs: number): string {
  return `${Math.round(Math.abs(offsetUs) / 1000)} ms ${offsetUs < 0 ? 'ahead of' : 'behind'} the collector's`;
}

function lagUs(detail: GetAgentResponse): number {
  return Math.max(0, (detail.newestEventStoredAtUs ?? 0) - (detail.newestEventAtUs ?? 0));
}
