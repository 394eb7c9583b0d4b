import type { EpochAgent, KemEpoch, KeyRotation, KeysReport, RotationPlan } from '@threatguard/proto';
import { counted } from './counted.ts';
import { durationText } from './duration.ts';
import type { JsonRecord } from './json.ts';
import { type Column, renderPairs, renderTable } from './table.ts';
import { age, humanTime, isoTime } from './time.ts';

/** What was asked for is over; nothing waits any more. */
export function isOver({ rotation }: KeysReport): boolean {
  return !rotation || Boolean(rotation.endedAtUs);
}

/** All a report says, with the names of JSON and CSV. */
export function keysRecord(report: KeysReport): JsonRecord {
  const { rotation } = report;
  return {
    'fleet.name': report.fleetName ?? '',
    rotation: rotation && rotationRecord(rotation),
    stragglers: (report.stragglers ?? []).map(epochAgentRecord),
    epochs: (report.epochs ?? []).map(epochRecord),
    'schedule.every': report.scheduleSeconds ? durationText(report.scheduleSeconds) : undefined,
    'schedule.next_at': report.scheduleSeconds ? isoTime(report.nextRotationAtUs) : undefined,
  };
}

function rotationRecord(rotation: KeyRotation): JsonRecord {
  return {
    epoch: rotation.epoch ?? 0,
    from_epoch: rotation.fromEpoch ?? 0,
    phase: rotation.phase ?? '',
    paused: rotation.paused ?? false,
    compromised: rotation.compromised ?? false,
    started_at: isoTime(rotation.startedAtUs),
    ended_at: rotation.endedAtUs ? isoTime(rotation.endedAtUs) : undefined,
    started_by: rotation.startedBy ?? '',
    canary_agents: rotation.canaryAgents ?? 0,
    agents: rotation.agents ?? 0,
    told: rotation.told ?? 0,
    confirmed: rotation.confirmed ?? 0,
    drained: rotation.drained ?? 0,
    stragglers: rotation.stragglers ?? 0,
  };
}

function epochRecord(epoch: KemEpoch): JsonRecord {
  return {
    epoch: epoch.epoch ?? 0,
    state: epoch.state ?? '',
    algorithm: epoch.algorithm ?? '',
    public_key_sha256: Buffer.from(epoch.publicKeySha256 ?? []).toString('hex'),
    created_at: isoTime(epoch.createdAtUs),
    announced_at: epoch.announcedAtUs ? isoTime(epoch.announcedAtUs) : undefined,
    destroyed_at: epoch.destroyedAtUs ? isoTime(epoch.destroyedAtUs) : undefined,
    agents_sealing: epoch.agentsSealing ?? 0,
    agents_holding: epoch.agentsHolding ?? 0,
  };
}

function epochAgentRecord(agent: EpochAgent): JsonRecord {
  return {
    'agent.id': agent.agentId ?? '',
    name: agent.agentName ?? '',
    connected: agent.connected ?? false,
    last_seen_at: agent.lastSeenAtUs ? isoTime(agent.lastSeenAtUs) : undefined,
    sealing_epoch: agent.sealingEpoch ?? 0,
    oldest_spooled_epoch: agent.oldestSpooledEpoch ?? 0,
    waits_for: agent.waitsFor ?? '',
  };
}

export function planRecord(plan: RotationPlan): JsonRecord {
  return {
    from_epoch: plan.fromEpoch ?? 0,
    to_epoch: plan.toEpoch ?? 0,
    agents: plan.agents ?? 0,
    connected: plan.connected ?? 0,
    canary_agents: plan.canaryAgents ?? 0,
    spooled_envelopes: plan.spooledEnvelopes ?? 0,
    offline: (plan.offline ?? []).map(epochAgentRecord),
  };
}

/** What a rotation would do, in sentences, then who could not take part now. */
export function planLines(plan: RotationPlan, how: { compromised: boolean; columns?: number | undefined }): string[] {
  const { fromEpoch = 0, toEpoch = 0, agents = 0, connected = 0, canaryAgents = 0 } = plan;
  const offline = agents - connected;
  const lines = [
    `Nothing was changed. A rotation would make epoch ${toEpoch} and announce it to ${
      canaryAgents > 0 ? `${canaryAgents} of ${agents} agents first, then to all` : `all ${agents} agents`
    }; ${connected} are connected.`,
    how.compromised
      ? `Epoch ${fromEpoch} would be refused at once: agents seal anew what they have spooled.`
      : `Epoch ${fromEpoch} would be destroyed once every agent has confirmed and holds nothing of it; ${plan.spooledEnvelopes ?? 0} envelopes are spooled now.`,
  ];
  if (offline > 0) lines.push(`Not connected, and to be waited for until they are or are revoked: ${offline}`);
  return [...lines, ...agentTable(plan.offline ?? [], how.columns)];
}

const BAR_CELLS = 30;

/** A share as a bar of text: `[######......] 20/40`. */
function bar(done: number, of: number): string {
  const filled = of > 0 ? Math.floor((done / of) * BAR_CELLS) : BAR_CELLS;
  return `[${'#'.repeat(filled)}${'.'.repeat(BAR_CELLS - filled)}] ${done}/${of}`;
}

const PHASES: Record<string, string> = {
  canary: 'the canary is told; the rest of the fleet waits for it',
  announced: 'everybody is told; agents confirm',
  draining: 'every agent seals for the new epoch; spools are drained of the old one',
  done: 'done: older epochs are destroyed',
  aborted: 'aborted',
};

/** Where a rotation stands. */
function rotationLines(report: KeysReport, how: { utc: boolean }): string[] {
  const { rotation } = report;
  if (!rotation) return ['no rotation yet; "threatguard keys rotate" begins one'];
  const { agents = 0, confirmed = 0, drained = 0, told = 0 } = rotation;
  const state = rotation.paused
    ? 'paused: nobody more is told, nothing is destroyed; "threatguard keys resume" goes on'
    : (PHASES[rotation.phase ?? ''] ?? '');
  const pairs: [string, string][] = [
    ['rotation', `epoch ${rotation.fromEpoch} -> ${rotation.epoch}${rotation.compromised ? ', compromised' : ''}`],
    ['phase', state],
    ['started', `${humanTime(rotation.startedAtUs, how.utc)} by ${rotation.startedBy || 'the collector'}`],
  ];
  if (rotation.endedAtUs) pairs.push(['ended', humanTime(rotation.endedAtUs, how.utc)]);
  if (rotation.canaryAgents) pairs.push(['canary', `${rotation.canaryAgents} agents`]);
  pairs.push(['told', bar(Math.min(told, agents), agents)], ['confirmed', bar(confirmed, agents)]);
  pairs.push(['drained', bar(drained, agents)]);
  return renderPairs(pairs);
}

/** A report as `keys status` shows it. */
export function keysLines(report: KeysReport, how: { utc: boolean; columns?: number | undefined }): string[] {
  const nowMs = (report.nowUs ?? 0) / 1000;
  const waiting = report.stragglers ?? [];
  const total = report.rotation?.stragglers ?? 0;
  const lines = [
    ...renderPairs([['fleet', report.fleetName ?? '']]),
    ...rotationLines(report, how),
    ...renderPairs([['schedule', scheduleText(report, how.utc)]]),
    '',
    ...renderTable(epochColumns(how.utc), report.epochs ?? [], how.columns),
  ];
  if (waiting.length > 0) {
    const more = total > waiting.length ? `, ${waiting.length} of them:` : ':';
    lines.push('', `waiting for ${counted(total, 'agent')}${more}`);
    lines.push(...agentTable(waiting, how.columns, nowMs));
  }
  return lines;
}

export function scheduleText(report: KeysReport, utc: boolean): string {
  if (!report.scheduleSeconds) return 'off';
  return `every ${durationText(report.scheduleSeconds)}, next ${humanTime(report.nextRotationAtUs, utc)}`;
}

const epochColumns = (utc: boolean): Column<KemEpoch>[] => [
  { title: 'EPOCH', cell: (epoch) => String(epoch.epoch ?? 0), align: 'right' },
  { title: 'STATE', cell: (epoch) => epoch.state ?? '' },
  { title: 'ALGORITHM', cell: (epoch) => epoch.algorithm ?? '' },
  { title: 'SEALING', cell: (epoch) => String(epoch.agentsSealing ?? 0), align: 'right' },
  { title: 'HOLDING', cell: (epoch) => String(epoch.agentsHolding ?? 0), align: 'right' },
  { title: 'CREATED', cell: (epoch) => humanTime(epoch.createdAtUs, utc) },
  {
    title: 'DESTROYED',
    cell: (epoch) => (epoch.destroyedAtUs ? humanTime(epoch.destroyedAtUs, utc) : ''),
  },
  {
    title: 'KEY',
    cell: (epoch) => Buffer.from(epoch.publicKeySha256 ?? []).toString('hex'),
    shrink: true,
    optional: true,
  },
];

function agentTable(agents: readonly EpochAgent[], columns?: number, nowMs = Date.now()): string[] {
  if (agents.length === 0) return [];
  return renderTable<EpochAgent>(
    [
      { title: 'AGENT', cell: (agent) => agent.agentName ?? '', shrink: true },
      {
        title: 'SEEN',
        cell: (agent) => (agent.lastSeenAtUs ? age(agent.lastSeenAtUs, nowMs) : 'never'),
        align: 'right',
      },
      { title: 'EPOCH', cell: (agent) => (agent.sealingEpoch ? String(agent.sealingEpoch) : '-'), align: 'right' },
      {
        title: 'HOLDS',
        cell: (agent) => (agent.oldestSpooledEpoch ? String(agent.oldestSpooledEpoch) : '-'),
        align: 'right',
      },
      { title: 'WAITS FOR', cell: (agent) => agent.waitsFor ?? '', shrink: true },
    ],
    agents,
    columns,
  );
}
