// How alerts, incidents, agents and events look outside. Names are those of `--output json` of the console, with "_" for ".".
import {
  type AgentSummary,
  type Alert,
  AlertState,
  type Detection,
  type Severity,
  type StoredEvent,
  severityName,
  type TriageScore,
  toEcs,
} from '@threatguard/proto';
import { z } from 'zod';
import type { EntityName } from '../../correlate/entities.ts';
import type { Incident } from '../../correlate/incident.ts';
import { isoTimeUs } from '../times.ts';

export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export const severity = z.enum(SEVERITIES);
export const STATES = ['open', 'acknowledged', 'closed'] as const;

const time = z.iso.datetime();
const texts = z.array(z.string());
const entityName = z.object({ kind: z.string(), name: z.string() });

const triageAnswer = z.object({
  probability: z.number().describe('Of being closed as a true positive, 0 to 1, calibrated'),
  sentence: z.string(),
  features: z.array(
    z.object({
      name: z.string(),
      value: z.string(),
      effect: z.number().describe('On the log odds; above 0 speaks for an intrusion'),
      sentence: z.string(),
    }),
  ),
  verdicts: z.int().describe('It was learned from'),
  model_version: z.int(),
});

export const alertAnswer = z.object({
  id: z.string(),
  revision: z.int(),
  state: z.string(),
  severity,
  title: z.string(),
  rule_id: z.string(),
  reason: z.string(),
  techniques: texts,
  tactics: texts,
  agent_id: z.string(),
  agent_name: z.string(),
  entity: z.string(),
  count: z.int().describe('Detections folded into it'),
  observed_ratio: z.number().describe('Share of the events of its time that were seen, 0 to 1'),
  first_event_at: time.optional(),
  last_event_at: time.optional(),
  raised_at: time.optional(),
  updated_at: time.optional(),
  values: z.record(z.string(), z.string()).describe('What made it speak, by ECS name'),
  triage: triageAnswer
    .optional()
    .describe('How likely it is to be real, as learned from verdicts; absent before enough of them'),
});

export function describeAlert(alert: Alert): z.output<typeof alertAnswer> {
  return {
    id: alert.id ?? '',
    revision: alert.revision ?? 0,
    state: alert.state ? (AlertState[alert.state] ?? 'open').toLowerCase() : 'open',
    severity: severityName(alert.severity ?? 0) as (typeof SEVERITIES)[number],
    title: alert.title ?? '',
    rule_id: alert.ruleId ?? '',
    reason: alert.reason ?? '',
    techniques: alert.techniques ?? [],
    tactics: alert.tactics ?? [],
    agent_id: alert.agentId ?? '',
    agent_name: alert.agentName ?? '',
    entity: alert.entity ?? '',
    count: alert.count ?? 0,
    observed_ratio: alert.observedRatio ?? 1,
    first_event_at: isoTimeUs(alert.firstAtUs),
    last_event_at: isoTimeUs(alert.lastAtUs),
    raised_at: isoTimeUs(alert.raisedAtUs),
    updated_at: isoTimeUs(alert.updatedAtUs),
    values: { ...alert.values },
    ...(alert.triage && { triage: describeTriage(alert.triage) }),
  };
}

function describeTriage({ probability, sentence, features, verdicts, modelVersion }: TriageScore) {
  return {
    probability: probability ?? 0,
    sentence: sentence ?? '',
    features: (features ?? []).map(({ name, value, effect, sentence }) => ({
      name: name ?? '',
      value: value ?? '',
      effect: effect ?? 0,
      sentence: sentence ?? '',
    })),
    verdicts: verdicts ?? 0,
    model_version: modelVersion ?? 0,
  };
}

export const detectionAnswer = z.object({
  rule_id: z.string(),
  title: z.string(),
  severity,
  reason: z.string(),
  techniques: texts,
  tactics: texts,
  entity: z.string(),
  events: z.array(z.int()).describe('Which of the events sent made it speak, from 0'),
  first_event_at: time.optional(),
  last_event_at: time.optional(),
  values: z.record(z.string(), z.string()),
});

export function describeDetection(detection: Detection): z.output<typeof detectionAnswer> {
  return {
    rule_id: detection.ruleId ?? '',
    title: detection.ruleTitle ?? '',
    severity: severityName(detection.severity ?? 0) as (typeof SEVERITIES)[number],
    reason: detection.reason ?? '',
    techniques: detection.techniques ?? [],
    tactics: detection.tactics ?? [],
    entity: detection.entity ?? '',
    events: (detection.events ?? []).map(({ index }) => index ?? 0),
    first_event_at: isoTimeUs(detection.firstAtUs),
    last_event_at: isoTimeUs(detection.lastAtUs),
    values: { ...detection.values },
  };
}

export const incidentAnswer = z.object({
  id: z.string(),
  revision: z.int(),
  state: z.string(),
  severity,
  title: z.string(),
  tactics: texts.describe("In ATT&CK's order"),
  entities: z.array(entityName),
  alerts: z.array(
    z.object({
      id: z.string(),
      rule_id: z.string(),
      title: z.string(),
      severity,
      tactics: texts,
      first_event_at: time.optional(),
    }),
  ),
  first_event_at: time.optional(),
  last_event_at: time.optional(),
  raised_at: time.optional(),
  updated_at: time.optional(),
});

export function describeIncident(incident: Incident): z.output<typeof incidentAnswer> {
  const { id, revision, state, title, tactics, entities } = incident;
  return {
    ...{ id, revision, state, title, tactics },
    severity: severityName(incident.severity) as (typeof SEVERITIES)[number],
    entities: entities.map(({ kind, name }: EntityName) => ({ kind, name })),
    alerts: incident.alerts.map((alert) => ({
      id: alert.id,
      rule_id: alert.ruleId,
      title: alert.title,
      severity: severityName(alert.severity) as (typeof SEVERITIES)[number],
      tactics: alert.tactics,
      first_event_at: isoTimeUs(alert.firstAtUs),
    })),
    first_event_at: isoTimeUs(incident.firstAtUs),
    last_event_at: isoTimeUs(incident.lastAtUs),
    raised_at: isoTimeUs(incident.raisedAtUs),
    updated_at: isoTimeUs(incident.updatedAtUs),
  };
}

export const agentAnswer = z.object({
  id: z.string(),
  name: z.string(),
  group: z.string(),
  state: z.string(),
  version: z.string(),
  os: z.string(),
  kernel: z.string(),
  enrolled_at: time.optional(),
  last_seen_at: time.optional(),
  certificate_expires_at: time.optional(),
  events: z.int(),
  lost: z.int(),
  spooled_envelopes: z.int(),
  clock_offset_us: z.number(),
  kem_epoch: z.int(),
  sensors: z.array(
    z.object({ sensor: z.string(), source: z.string(), state: z.string(), detail: z.string(), events: z.int() }),
  ),
});

export function describeAgent(agent: AgentSummary): z.output<typeof agentAnswer> {
  return {
    id: agent.id ?? '',
    name: agent.name ?? '',
    group: agent.group ?? '',
    state: agent.state ?? '',
    version: agent.version ?? '',
    os: agent.os ?? '',
    kernel: agent.kernel ?? '',
    enrolled_at: isoTimeUs(agent.enrolledAtUs),
    last_seen_at: isoTimeUs(agent.lastSeenAtUs),
    certificate_expires_at: isoTimeUs(agent.certificateExpiresAtUs),
    events: agent.events ?? 0,
    lost: agent.lost ?? 0,
    spooled_envelopes: agent.spooledEnvelopes ?? 0,
    clock_offset_us: agent.clockOffsetUs ?? 0,
    kem_epoch: agent.kemEpoch ?? 0,
    sensors: (agent.sensors ?? []).map(({ sensor, source, state, detail, events }) => ({
      sensor: sensor ?? '',
      source: source ?? '',
      state: state ?? '',
      detail: detail ?? '',
      events: events ?? 0,
    })),
  };
}

export const eventAnswer = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean(), texts]))
  .describe('Fields by ECS name, with host.name, agent.id, event.ingested and threatguard.sequence');

export function describeEvent(stored: StoredEvent): z.output<typeof eventAnswer> {
  const { event, agentName = '', reference, eventAtUs, receivedAtUs } = stored;
  const ingested = isoTimeUs(receivedAtUs);
  return {
    ...(event ? toEcs(event) : {}),
    // By the collector's clock: a host whose clock is wrong must not sort its events elsewhere.
    '@timestamp': isoTimeUs(eventAtUs) ?? isoTimeUs(event?.observedAtUs) ?? '',
    'host.name': agentName,
    'agent.id': reference?.agentId ?? '',
    ...(ingested && { 'event.ingested': ingested }),
    'threatguard.sequence': reference?.sequence ?? 0,
  };
}

/** The number of a severity as it is written here. */
export function severityNumber(name: (typeof SEVERITIES)[number]): Severity {
  return SEVERITIES.indexOf(name) + 1;
}
