import type {
  AgentSummary,
  CreateTokenRequest,
  CreateTokenResponse,
  GetAgentRequest,
  GetAgentResponse,
  LabelAgentRequest,
  LabelAgentResponse,
  RemoveAgentRequest,
  RemoveAgentResponse,
  RevokeAgentRequest,
  RevokeAgentResponse,
} from '@threatguard/proto';
import type { Fleet } from '../fleet/fleet.ts';
import type { Presence } from '../fleet/presence.ts';
import { createToken } from '../fleet/tokens.ts';
import type { AuditActor } from '../store/audit-entry.ts';
import type { AgentRecord } from '../store/fleet-record.ts';
import type { Store } from '../store/store.ts';
import { ApiError } from './grpc-status.ts';

const HOUR_US = 3_600_000_000;

export interface AgentsParts {
  store: Store;
  fleet: Fleet;
  presence: Presence;
  /** The epoch an agent proved to seal for; 0 where it never did. */
  sealingEpoch: (agentId: string) => number;
  /** Of the newest CA: what tokens pin. */
  caSha256: () => string;
  nowUs: () => number;
}

export async function listAgents(parts: AgentsParts): Promise<AgentSummary[]> {
  const totals = await parts.store.agentTotals();
  return parts.fleet
    .agents()
    .filter((agent) => agent.supersededBy === undefined && agent.removedAtUs === undefined)
    .map((agent) => summarise(agent, parts, totals.get(agent.id)))
    .sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''));
}

export async function getAgent(parts: AgentsParts, request: GetAgentRequest): Promise<GetAgentResponse> {
  const { store, nowUs } = parts;
  const agent = find(parts, request.agent);
  const totals = await store.agentTotals();
  const now = nowUs();
  const newest = await store.newestEvent(agent.id);
  return {
    agent: summarise(agent, parts, totals.get(agent.id)),
    machineId: agent.machineId,
    signingKeyId: agent.keyId,
    losses: await store.agentLosses(agent.id),
    observedHour: await store.observedRatio(agent.id, now - HOUR_US, now),
    observedDay: await store.observedRatio(agent.id, now - 24 * HOUR_US, now),
    newestEventAtUs: newest?.eventAtUs,
    newestEventStoredAtUs: newest?.storedAtUs,
  };
}

function find({ fleet }: AgentsParts, nameOrId: string | undefined): AgentRecord {
  const agent = fleet.find(nameOrId ?? '');
  if (agent) return agent;
  throw new ApiError('not_found', 'no agent has this name or id; threatguard agents list shows them all');
}

function summarise(
  agent: AgentRecord,
  parts: AgentsParts,
  totals: { events: number; lost: number } | undefined,
): AgentSummary {
  const live = parts.presence.get(agent.id);
  return {
    id: agent.id,
    name: agent.name,
    state: stateOf(agent, live?.connected ?? false),
    enrolledAtUs: agent.enrolledAtUs,
    lastSeenAtUs: Math.max(agent.lastSeenAtUs, live?.lastHeardAtUs ?? 0),
    version: agent.version,
    os: agent.os,
    kernel: agent.kernel,
    events: totals?.events,
    lost: totals?.lost,
    clockOffsetUs: live?.clockOffsetUs,
    kemEpoch: parts.sealingEpoch(agent.id),
    sensors: live?.sensors ?? [],
    certificateExpiresAtUs: agent.certificateExpiresAtUs,
    spooledEnvelopes: live?.spooledEnvelopes,
    address: live?.address,
    group: agent.group,
    labels: agent.labels,
  };
}

function stateOf(agent: AgentRecord, connected: boolean): string {
  if (agent.supersededBy !== undefined) return 'superseded';
  if (agent.removedAtUs !== undefined) return 'removed';
  if (agent.revokedAtUs !== undefined) return 'revoked';
  if (connected) return 'connected';
  return agent.lastSeenAtUs > 0 ? 'silent' : 'never connected';
}

export async function revokeAgent(
  parts: AgentsParts,
  request: RevokeAgentRequest,
  by: AuditActor,
): Promise<RevokeAgentResponse> {
  const agent = find(parts, request.agent);
  return { agentId: agent.id, streamEnded: await parts.fleet.revoke(agent.id, parts.nowUs(), by) };
}

export async function labelAgent(
  parts: AgentsParts,
  request: LabelAgentRequest,
  by: AuditActor,
): Promise<LabelAgentResponse> {
  const agent = find(parts, request.agent);
  const change = { set: request.set ?? {}, remove: request.remove ?? [] };
  return { agentId: agent.id, labels: await parts.fleet.label(agent, change, { atUs: parts.nowUs(), by }) };
}

export async function removeAgent(
  parts: AgentsParts,
  request: RemoveAgentRequest,
  by: AuditActor,
): Promise<RemoveAgentResponse> {
  const agent = find(parts, request.agent);
  if (agent.removedAtUs !== undefined) throw new ApiError('not_found', 'this agent was removed already');
  if (!request.force && agent.revokedAtUs === undefined && parts.presence.get(agent.id)?.connected) {
    throw new ApiError('conflict', `${agent.name} is connected; --force revokes and removes it`);
  }
  const revoked = agent.revokedAtUs === undefined;
  await parts.fleet.remove(agent.id, parts.nowUs(), by);
  return { agentId: agent.id, name: agent.name, revoked };
}

export function createJoinToken(
  parts: AgentsParts,
  request: CreateTokenRequest,
  by: AuditActor,
): Promise<CreateTokenResponse> {
  const { uses, validSeconds, label, group, replace } = request;
  const wanted = { uses: uses ?? 0, validSeconds: validSeconds ?? 0, label: label ?? '' };
  const joins = { group: group ?? '', replaces: replace ?? false };
  return createToken(parts.store, { ...wanted, ...joins, caSha256: parts.caSha256(), nowUs: parts.nowUs() }, by);
}
