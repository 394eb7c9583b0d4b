// Who still stands between an old epoch and its end. Pure: what is known of agents goes in, a judgement comes out.
import type { AgentEpochRecord } from '../../store/epoch-store.ts';
import type { AgentRecord } from '../../store/fleet-record.ts';

export interface Waiting {
  agent: AgentRecord;
  proved: AgentEpochRecord | undefined;
  /** Which condition it does not meet yet. */
  for: 'confirmation' | 'drain' | 'contradiction';
}

export interface Judgement {
  /** Those that count: enrolled, not revoked, and not born with the new epoch without having spoken yet. */
  agents: number;
  /** Proved this epoch or a newer one, and nothing speaks against it. */
  confirmed: number;
  /** Of these, hold nothing older. */
  drained: number;
  waiting: Waiting[];
}

/**
 * How far the fleet is from everything below `epoch` being needed by nobody. `announcedAtUs`: since when every enrolment
 * hands out that epoch; who enrolled later never had an older one.
 */
export function judgeFleet(parts: {
  epoch: number;
  announcedAtUs: number | undefined;
  agents: readonly AgentRecord[];
  proved: (agentId: string) => AgentEpochRecord | undefined;
}): Judgement {
  const { epoch, announcedAtUs = Number.POSITIVE_INFINITY } = parts;
  const judgement: Judgement = { agents: 0, confirmed: 0, drained: 0, waiting: [] };
  for (const agent of parts.agents) {
    if (agent.revokedAtUs !== undefined) continue;
    const proved = parts.proved(agent.id);
    if (!proved && agent.enrolledAtUs >= announcedAtUs) continue;
    judgement.agents += 1;
    const missing = missingOf(proved, epoch);
    if (missing) judgement.waiting.push({ agent, proved, for: missing });
    if (missing === undefined || missing === 'drain') judgement.confirmed += 1;
    if (missing === undefined) judgement.drained += 1;
  }
  return judgement;
}

function missingOf(proved: AgentEpochRecord | undefined, epoch: number): Waiting['for'] | undefined {
  if (!proved || proved.epoch < epoch) return 'confirmation';
  if (proved.contradicted) return 'contradiction';
  return proved.oldestSpooledEpoch > 0 && proved.oldestSpooledEpoch < epoch ? 'drain' : undefined;
}
