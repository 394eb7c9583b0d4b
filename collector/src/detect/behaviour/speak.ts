// An unusual hour of an entity as a detection.
import { type Detection, type EventReference, type ModelReason, Severity } from '@threatguard/proto';
import type { FeatureName } from './features.ts';
import type { Category, EntityKind, Profile } from './profile.ts';

/** By how much rarer than it need be an hour is of high severity: a hundred times. */
const HIGH_BEYOND = 2;
const HOUR_US = 3_600_000_000;

const TITLES: Record<EntityKind, string> = {
  host: 'Unusual behaviour of a host',
  user: 'Unusual behaviour of a user',
  account: 'Unusual behaviour of an account on a host',
  program: 'Unusual behaviour of a program',
};

interface Meaning {
  technique: string;
  tactic: string;
}

/** What an intruder would have done where this is what was unusual (attack.mitre.org). */
const MEANINGS: Partial<Record<FeatureName | Category | 'hour' | 'program_sequence' | 'login_sequence', Meaning>> = {
  logons_failed: { technique: 'T1110', tactic: 'credential-access' },
  accounts_tried: { technique: 'T1110.004', tactic: 'credential-access' },
  sources: { technique: 'T1110', tactic: 'credential-access' },
  source: { technique: 'T1078', tactic: 'initial-access' },
  hour: { technique: 'T1078', tactic: 'initial-access' },
  peer: { technique: 'T1021', tactic: 'lateral-movement' },
  hosts: { technique: 'T1021', tactic: 'lateral-movement' },
  privilege_uses: { technique: 'T1548', tactic: 'privilege-escalation' },
  program: { technique: 'T1059', tactic: 'execution' },
  pair: { technique: 'T1059', tactic: 'execution' },
  command: { technique: 'T1059', tactic: 'execution' },
  program_sequence: { technique: 'T1059', tactic: 'execution' },
  login_sequence: { technique: 'T1078', tactic: 'initial-access' },
  programs_new: { technique: 'T1059', tactic: 'execution' },
  destination: { technique: 'T1071', tactic: 'command-and-control' },
  port: { technique: 'T1571', tactic: 'command-and-control' },
  destinations: { technique: 'T1046', tactic: 'discovery' },
  destinations_new: { technique: 'T1046', tactic: 'discovery' },
  bytes_out: { technique: 'T1048', tactic: 'exfiltration' },
  bytes_in: { technique: 'T1105', tactic: 'command-and-control' },
  load: { technique: 'T1496', tactic: 'impact' },
};

export function speak(
  profile: Profile,
  { reason, sentence }: { reason: ModelReason; sentence: string },
  at: { agentId: string; agentName: string; atUs: number; event: EventReference | undefined },
): Detection {
  const { kind } = profile;
  const meanings = (reason.features ?? []).flatMap(({ feature }) => MEANINGS[feature as FeatureName] ?? []);
  const beyond = (reason.score ?? 0) - (reason.threshold ?? 0);
  const fleetWide = kind === 'user' || kind === 'program';
  return {
    ruleId: `model/${kind}`,
    ruleTitle: TITLES[kind],
    severity: beyond >= HIGH_BEYOND ? Severity.HIGH : Severity.MEDIUM,
    techniques: [...new Set(meanings.map(({ technique }) => technique))],
    tactics: [...new Set(meanings.map(({ tactic }) => tactic))],
    reason: sentence,
    values: valuesOf(profile, at),
    events: at.event ? [at.event] : [],
    firstAtUs: Math.min(profile.hour * HOUR_US, at.atUs),
    lastAtUs: at.atUs,
    agentId: fleetWide ? '' : at.agentId,
    entity: entityOf(profile),
    modelReason: reason,
  };
}

/** How people know an entity. */
export function nameOf({ kind, name }: Profile, agentName: (agentId: string) => string): string {
  if (kind === 'host') return agentName(name) || name;
  if (kind !== 'account') return name;
  const { user, agentId } = splitAccount(name);
  return `${user} on ${agentName(agentId) || agentId}`;
}

function entityOf({ kind, name }: Profile): string {
  if (kind === 'host') return `agent.id=${name}`;
  if (kind === 'user') return `user.name=${name}`;
  if (kind === 'program') return `process.executable=${name}`;
  const { user, agentId } = splitAccount(name);
  return `agent.id=${agentId} user.name=${user}`;
}

function valuesOf({ kind, name }: Profile, { agentId, agentName }: { agentId: string; agentName: string }) {
  const values: Record<string, string> = { 'agent.id': agentId, 'agent.name': agentName };
  if (kind === 'user') values['user.name'] = name;
  if (kind === 'account') values['user.name'] = splitAccount(name).user;
  if (kind === 'program') values['process.executable'] = name;
  return values;
}

/** Ids of agents have no @, names of users may. */
function splitAccount(name: string): { user: string; agentId: string } {
  const at = name.lastIndexOf('@');
  return { user: name.slice(0, at), agentId: name.slice(at + 1) };
}
