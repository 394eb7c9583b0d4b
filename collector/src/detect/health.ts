// What the collector itself notices about an agent. Each is a rule in code: the facts come in, a Detection goes out.
// All fold by agent: `entity` is the agent, whatever else was measured.
import { type Detection, Severity } from '@threatguard/proto';

interface HealthRule {
  id: string;
  title: string;
  severity: Severity;
  techniques: readonly string[];
  tactics: readonly string[];
}

const EVASION = ['defense-evasion'] as const;

const RULES = {
  agentSilent: {
    id: 'health/agent-silent',
    title: 'Agent fell silent',
    severity: Severity.HIGH,
    techniques: ['T1562.001'],
    tactics: EVASION,
  },
  chainGap: {
    id: 'health/chain-gap',
    title: 'Envelopes missing from an agent',
    severity: Severity.HIGH,
    techniques: ['T1070', 'T1562.006'],
    tactics: EVASION,
  },
  chainBroken: {
    id: 'health/chain-broken',
    title: 'Digest chain of an agent broken',
    severity: Severity.CRITICAL,
    techniques: ['T1070', 'T1565.002'],
    tactics: [...EVASION, 'impact'],
  },
  sequenceReplayed: {
    id: 'health/sequence-replayed',
    title: 'Stored envelope sent again with other content',
    severity: Severity.CRITICAL,
    techniques: ['T1565.002'],
    tactics: ['impact'],
  },
  streamRestarted: {
    id: 'health/stream-restarted',
    title: 'Agent began a new stream',
    severity: Severity.MEDIUM,
    techniques: ['T1070'],
    tactics: EVASION,
  },
  clockOff: {
    id: 'health/clock-off',
    title: 'Clock of a host is wrong',
    severity: Severity.LOW,
    techniques: ['T1070.006'],
    tactics: EVASION,
  },
  cryptoWeaker: {
    id: 'health/crypto-downgrade',
    title: 'Cryptography of an agent became weaker',
    severity: Severity.HIGH,
    techniques: ['T1562.010', 'T1600'],
    tactics: EVASION,
  },
  eventsLost: {
    id: 'health/events-lost',
    title: 'Events of a host were lost',
    severity: Severity.MEDIUM,
    techniques: ['T1562.006'],
    tactics: EVASION,
  },
  signatureRefused: {
    id: 'health/envelope-refused',
    title: 'Envelope of an agent refused',
    severity: Severity.HIGH,
    techniques: ['T1565.002'],
    tactics: ['impact'],
  },
  agentCloned: {
    id: 'health/agent-cloned',
    title: 'Identity of an agent on a second host',
    severity: Severity.CRITICAL,
    techniques: ['T1552.004', 'T1078'],
    tactics: [...EVASION, 'credential-access'],
  },
  keySuperseded: {
    id: 'health/key-superseded',
    title: 'Replaced key of an agent used again',
    severity: Severity.HIGH,
    techniques: ['T1552.004', 'T1078'],
    tactics: [...EVASION, 'credential-access'],
  },
  agentReplaced: {
    id: 'health/agent-replaced',
    title: 'Agent replaced by a new enrolment',
    severity: Severity.LOW,
    techniques: ['T1562.001'],
    tactics: EVASION,
  },
  epochContradicted: {
    id: 'health/epoch-contradicted',
    title: 'Agent spoke against what it had proved of its ML-KEM epoch',
    severity: Severity.HIGH,
    techniques: ['T1078'],
    tactics: EVASION,
  },
  epochUnconfirmed: {
    id: 'health/epoch-unconfirmed',
    title: 'Agent was told of a new ML-KEM epoch and does not confirm it',
    severity: Severity.MEDIUM,
    techniques: ['T1562.006'],
    tactics: EVASION,
  },
} as const satisfies Record<string, HealthRule>;

/** Whether a rule is one of these. What they say is not hidden: whoever hides loss cannot tell that nothing is missing. */
export function isHealthRule(ruleId: string): boolean {
  return ruleId.startsWith('health/');
}

export interface AgentAt {
  agentId: string;
  agentName: string;
  atUs: number;
}

/** Nothing came from an enrolled agent for longer than it is allowed to be quiet. */
export function agentSilent(facts: AgentAt & { lastSeenAtUs: number; silenceUsMax: number }): Detection {
  const silence = secondsText(facts.atUs - facts.lastSeenAtUs);
  return detect(RULES.agentSilent, facts, {
    reason: `nothing came from ${facts.agentName} for ${silence}, though it should speak every ${secondsText(facts.silenceUsMax)}`,
    values: { 'threatguard.silence_s': wholeSeconds(facts.atUs - facts.lastSeenAtUs) },
    firstAtUs: facts.lastSeenAtUs,
  });
}

/** The sequence went on further than by one: envelopes between were never delivered. */
export function chainGap(facts: AgentAt & { expectedSequence: number; sequence: number }): Detection {
  const missing = facts.sequence - facts.expectedSequence;
  return detect(RULES.chainGap, facts, {
    reason: `${missing} envelope${missing === 1 ? '' : 's'} of ${facts.agentName} never came: ${facts.expectedSequence} was next, ${facts.sequence} arrived`,
    values: {
      'threatguard.sequence': String(facts.sequence),
      'threatguard.expected_sequence': String(facts.expectedSequence),
      'threatguard.missing_envelopes': String(missing),
    },
  });
}

/** The next envelope does not name the one before it: something was changed or another host uses the key. */
export function chainBroken(facts: AgentAt & { sequence: number }): Detection {
  return detect(RULES.chainBroken, facts, {
    reason: `envelope ${facts.sequence} of ${facts.agentName} does not continue the one stored before it: records were altered, or its key is used elsewhere`,
    values: { 'threatguard.sequence': String(facts.sequence) },
  });
}

/** A sequence that is stored came again with other bytes under a good signature. */
export function sequenceReplayed(facts: AgentAt & { sequence: number }): Detection {
  return detect(RULES.sequenceReplayed, facts, {
    reason: `${facts.agentName} sent another envelope ${facts.sequence} than the one already stored: its key may be used elsewhere`,
    values: { 'threatguard.sequence': String(facts.sequence) },
  });
}

/** An agent that had a stream began a new one, which it does only where its spool's state was lost. */
export function streamRestarted(facts: AgentAt & { lastSequence: number }): Detection {
  return detect(RULES.streamRestarted, facts, {
    reason: `${facts.agentName} began a new stream after envelope ${facts.lastSequence}: its spool was removed or lost`,
    values: { 'threatguard.last_sequence': String(facts.lastSequence) },
  });
}

/** `offsetUs` is the collector's clock minus the host's. */
export function clockOff(facts: AgentAt & { offsetUs: number }): Detection {
  const way = facts.offsetUs > 0 ? 'behind' : 'ahead of';
  return detect(RULES.clockOff, facts, {
    reason: `the clock of ${facts.agentName} is ${secondsText(Math.abs(facts.offsetUs))} ${way} the collector's`,
    values: { 'threatguard.clock_offset_s': wholeSeconds(facts.offsetUs) },
  });
}

/** A session that is protected less than the one before it, or than the fleet's profile demands; a phrase for each way. */
export function cryptoWeaker(facts: AgentAt & { what: readonly string[] }): Detection {
  return detect(RULES.cryptoWeaker, facts, {
    reason: `${facts.agentName} connected with ${facts.what.join(', ')}`,
    values: { 'threatguard.crypto_weaker': facts.what.join(', ') },
  });
}

/** Events that were seen on a host but never came, as its signed headers count them. */
export function eventsLost(
  facts: AgentAt & { sensor: string; lossReason: string; count: number; firstAtUs: number; lastAtUs: number },
): Detection {
  return detect(RULES.eventsLost, facts, {
    reason: `${facts.count} event${facts.count === 1 ? '' : 's'} of ${facts.agentName} ${facts.count === 1 ? 'was' : 'were'} lost in ${facts.sensor} (${facts.lossReason.replaceAll('_', ' ')})`,
    values: {
      'threatguard.lost': String(facts.count),
      'threatguard.loss_sensor': facts.sensor,
      'threatguard.loss_reason': facts.lossReason,
    },
    firstAtUs: facts.firstAtUs,
    lastAtUs: facts.lastAtUs,
  });
}

/** An envelope that came over an agent's stream was refused for good: `code` of REFUSAL_CODES. */
export function signatureRefused(facts: AgentAt & { code: string; message: string }): Detection {
  return detect(RULES.signatureRefused, facts, {
    reason: `an envelope on the stream of ${facts.agentName} was refused (${facts.code}): ${facts.message}`,
    values: { 'threatguard.refusal_code': facts.code },
  });
}

/** The key of an agent came from another host than the one that has it. `sign` is what differed. */
export function agentCloned(facts: AgentAt & { sign: 'machine_id' | 'boot_id'; address: string }): Detection {
  const how =
    facts.sign === 'machine_id'
      ? 'from a host with another machine id'
      : 'from a second host while the first one was connected';
  return detect(RULES.agentCloned, facts, {
    reason: `the identity of ${facts.agentName} was used ${how}, at ${facts.address}; that one was refused: enrol it by itself, or rotate the key if it was stolen`,
    values: { 'threatguard.clone_sign': facts.sign, 'source.address': facts.address },
  });
}

/** Somebody connected with a key that its agent has replaced: a copy of the host from before, or a thief of the old key. */
export function keySuperseded(facts: AgentAt & { address: string }): Detection {
  return detect(RULES.keySuperseded, facts, {
    reason: `a key that ${facts.agentName} has replaced was used again at ${facts.address}: a copy of the host from before, or a stolen key; it was refused`,
    values: { 'source.address': facts.address },
  });
}

/** A host enrolled in the place of an agent, whose certificate is refused from now on. */
export function agentReplaced(facts: AgentAt & { successorId: string; address: string }): Detection {
  return detect(RULES.agentReplaced, facts, {
    reason: `${facts.agentName} was replaced by a host that enrolled at ${facts.address} as the same machine; its former certificate is refused`,
    values: { 'threatguard.successor': facts.successorId, 'source.address': facts.address },
  });
}

/** It seals for, or holds, what it had proved to have left behind: a clone, or a host brought back from a backup. */
export function epochContradicted(facts: AgentAt & { epoch: number; oldestSpooledEpoch: number }): Detection {
  return detect(RULES.epochContradicted, facts, {
    reason: `${facts.agentName} had proved ML-KEM epoch ${facts.epoch} and now speaks of an older one: two hosts use its key, or it came back from a backup`,
    values: {
      'threatguard.kem_epoch': String(facts.epoch),
      'threatguard.oldest_spooled_epoch': String(facts.oldestSpooledEpoch),
    },
  });
}

/** It is connected, knows of the epoch since `toldAtUs`, and has not signed for it. */
export function epochUnconfirmed(facts: AgentAt & { epoch: number; toldAtUs: number }): Detection {
  return detect(RULES.epochUnconfirmed, facts, {
    reason: `${facts.agentName} was told of ML-KEM epoch ${facts.epoch} ${secondsText(facts.atUs - facts.toldAtUs)} ago and has not confirmed it`,
    values: { 'threatguard.kem_epoch': String(facts.epoch) },
    firstAtUs: facts.toldAtUs,
  });
}

function detect(
  rule: HealthRule,
  { agentId, agentName, atUs }: AgentAt,
  said: { reason: string; values: Record<string, string>; firstAtUs?: number; lastAtUs?: number },
): Detection {
  return {
    ruleId: rule.id,
    ruleTitle: rule.title,
    severity: rule.severity,
    techniques: [...rule.techniques],
    tactics: [...rule.tactics],
    reason: said.reason,
    values: { 'agent.id': agentId, 'agent.name': agentName, ...said.values },
    events: [],
    firstAtUs: said.firstAtUs ?? atUs,
    lastAtUs: said.lastAtUs ?? atUs,
    agentId,
    entity: `agent.id=${agentId}`,
  };
}

function wholeSeconds(us: number): string {
  return String(Math.round(us / 1e6));
}

function secondsText(us: number): string {
  const seconds = Math.round(us / 1e6);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
