import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  ControlRotationRequest,
  DestroyEpochRequest,
  EpochAgent,
  KemEpoch,
  KeyRotation,
  KeysReport,
  RotateKeysRequest,
  RotateKeysResponse,
  RotationPlan,
  ScheduleRotationRequest,
} from '@threatguard/proto';
import type { AgentEpochs } from '../fleet/epochs/agent-epochs.ts';
import type { Announcer } from '../fleet/epochs/announcer.ts';
import type { EpochLedger } from '../fleet/epochs/epoch-ledger.ts';
import type { Epochs } from '../fleet/epochs/epochs.ts';
import type { FleetProofs } from '../fleet/epochs/fleet-proofs.ts';
import type { Judgement, Waiting } from '../fleet/epochs/judge-fleet.ts';
import { isRunning } from '../fleet/epochs/rotation-steps.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Presence } from '../fleet/presence.ts';
import type { CallFrom } from '../ingest/call-from.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { RotationRecord } from '../store/epoch-store.ts';
import type { AgentRecord } from '../store/fleet-record.ts';
import { ApiError, unary } from './grpc-status.ts';

/** Agents named in one answer: more nobody reads on a screen; the counts are whole. */
const AGENTS_NAMED_MAX = 100;
const PERMILLE_MAX = 1000;

export interface KeysParts {
  epochs: Epochs;
  ledger: EpochLedger;
  proofs: FleetProofs;
  agents: AgentEpochs;
  announcer: Announcer;
  fleet: Fleet;
  presence: Presence;
  fleetName: string;
  actor: (from: CallFrom) => AuditActor;
  nowUs: () => number;
  failed: (error: unknown) => void;
}

/** The Keys service. Callers are consoles: authorisation is done before. */
export function keysHandlers(parts: KeysParts): UntypedServiceImplementation {
  const { epochs, actor, failed } = parts;
  const report = () => reportKeys(parts);
  return {
    rotateKeys: unary((request: RotateKeysRequest, from) => rotateKeys(parts, request, actor(from)), failed),
    getKeys: unary(async () => report(), failed),
    controlRotation: unary(async ({ action }: ControlRotationRequest, from) => {
      if (action !== 'pause' && action !== 'resume' && action !== 'abort') {
        throw new ApiError('invalid', 'a rotation takes pause, resume or abort');
      }
      await epochs[action](actor(from));
      return report();
    }, failed),
    scheduleRotation: unary(async ({ everySeconds }: ScheduleRotationRequest, from) => {
      await epochs.setSchedule(everySeconds ?? 0, actor(from));
      return report();
    }, failed),
    destroyEpoch: unary(async ({ epoch, force, fleetName }: DestroyEpochRequest, from) => {
      await epochs.destroy(epoch ?? 0, { force: force ?? false, fleetName: fleetName ?? '' }, actor(from));
      return report();
    }, failed),
  };
}

async function rotateKeys(
  parts: KeysParts,
  { canaryPermille = 0, compromised = false, dryRun }: RotateKeysRequest,
  by: AuditActor,
): Promise<RotateKeysResponse> {
  if (canaryPermille > PERMILLE_MAX) throw new ApiError('invalid', 'a canary is at most the whole fleet');
  if (dryRun) return { keys: reportKeys(parts), plan: planRotation(parts, canaryPermille) };
  await parts.epochs.start({ canaryPermille, compromised }, by);
  return { keys: reportKeys(parts) };
}

function planRotation(parts: KeysParts, canaryPermille: number): RotationPlan {
  const { ledger, proofs, fleet, presence } = parts;
  const agents = fleet.agents().filter(({ revokedAtUs }) => revokedAtUs === undefined);
  const live = (agent: AgentRecord) => presence.get(agent.id)?.connected ?? false;
  return {
    fromEpoch: ledger.epoch,
    toEpoch: Math.max(...ledger.records.map(({ epoch }) => epoch)) + 1,
    agents: agents.length,
    connected: agents.filter(live).length,
    canaryAgents: proofs.chooseCanary(canaryPermille).length,
    spooledEnvelopes: agents.reduce((sum, { id }) => sum + (presence.get(id)?.spooledEnvelopes ?? 0), 0),
    offline: agents
      .filter((agent) => !live(agent))
      .slice(0, AGENTS_NAMED_MAX)
      .map((agent) => describeAgent(parts, agent, 'not connected')),
  };
}

function reportKeys(parts: KeysParts): KeysReport {
  const { ledger, proofs, fleetName, nowUs } = parts;
  const { rotation, schedule } = ledger;
  const judgement = rotation && proofs.judge(rotation);
  return {
    fleetName,
    epochs: reportEpochs(parts),
    rotation: rotation && judgement && reportRotation(parts, rotation, judgement),
    stragglers: isRunning(rotation) ? describeWaiting(parts, rotation, judgement?.waiting ?? []) : [],
    scheduleSeconds: schedule?.everySeconds ?? 0,
    nextRotationAtUs: schedule?.nextAtUs ?? 0,
    nowUs: nowUs(),
  };
}

function reportEpochs({ ledger, fleet, agents }: KeysParts): KemEpoch[] {
  const sealing = new Map<number, number>();
  const holding = new Map<number, number>();
  const count = (counts: Map<number, number>, epoch: number) => counts.set(epoch, (counts.get(epoch) ?? 0) + 1);
  for (const { id, revokedAtUs } of fleet.agents()) {
    const proved = revokedAtUs === undefined ? agents.of(id) : undefined;
    if (proved) count(sealing, proved.epoch);
    if (proved?.oldestSpooledEpoch) count(holding, proved.oldestSpooledEpoch);
  }
  return ledger.records.map((record) => ({
    ...record,
    agentsSealing: sealing.get(record.epoch) ?? 0,
    agentsHolding: holding.get(record.epoch) ?? 0,
  }));
}

function reportRotation(parts: KeysParts, rotation: RotationRecord, judgement: Judgement): KeyRotation {
  const { fleet, agents, announcer } = parts;
  const told = fleet.agents().filter(({ id, revokedAtUs }) => {
    if (revokedAtUs !== undefined) return false;
    const proved = (agents.of(id)?.epoch ?? 0) >= rotation.epoch;
    return proved || announcer.toldSinceUs(id, rotation.epoch) !== undefined;
  });
  const { epoch, fromEpoch, phase, paused, compromised, startedBy, startedAtUs, endedAtUs } = rotation;
  return {
    ...{ epoch, fromEpoch, phase, paused, compromised, startedBy, startedAtUs, endedAtUs },
    canaryAgents: rotation.canaryAgents.length,
    agents: judgement.agents,
    told: told.length,
    confirmed: judgement.confirmed,
    drained: judgement.drained,
    stragglers: judgement.waiting.length,
  };
}

/** In a canary those that are its members first; else those that say nothing before those that only have to drain. */
function describeWaiting(parts: KeysParts, rotation: RotationRecord, waiting: readonly Waiting[]): EpochAgent[] {
  const canary = new Set(rotation.phase === 'canary' ? rotation.canaryAgents : []);
  const rank = (each: Waiting) => (canary.has(each.agent.id) ? 0 : 1) * 2 + (each.for === 'drain' ? 1 : 0);
  return [...waiting]
    .sort((a, b) => rank(a) - rank(b) || a.agent.lastSeenAtUs - b.agent.lastSeenAtUs)
    .slice(0, AGENTS_NAMED_MAX)
    .map((each) => describeAgent(parts, each.agent, reasonOf(parts, rotation, each)));
}

function reasonOf(
  { presence, announcer }: KeysParts,
  rotation: RotationRecord,
  { agent, proved, ...each }: Waiting,
): string {
  if (each.for === 'contradiction') {
    return `said it is behind epoch ${proved?.epoch} after proving it: cloned, or back from a backup; revoke it or enrol it again`;
  }
  const connected = presence.get(agent.id)?.connected ?? false;
  const away = connected ? '' : agent.lastSeenAtUs > 0 ? ', and it is not connected' : ', and it never connected';
  if (each.for === 'drain') return `holds envelopes of epoch ${proved?.oldestSpooledEpoch}${away}`;
  if (!connected) return agent.lastSeenAtUs > 0 ? 'not connected' : 'never connected';
  const told = announcer.toldSinceUs(agent.id, rotation.epoch) !== undefined;
  return told ? 'was told, has not confirmed' : 'not told yet';
}

function describeAgent({ presence, agents }: KeysParts, agent: AgentRecord, waitsFor: string): EpochAgent {
  const live = presence.get(agent.id);
  const proved = agents.of(agent.id);
  return {
    agentId: agent.id,
    agentName: agent.name,
    connected: live?.connected ?? false,
    lastSeenAtUs: Math.max(agent.lastSeenAtUs, live?.lastHeardAtUs ?? 0),
    sealingEpoch: proved?.epoch ?? 0,
    oldestSpooledEpoch: proved?.oldestSpooledEpoch ?? 0,
    waitsFor,
  };
}
