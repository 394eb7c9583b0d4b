// What the fleet as a whole has proved of epochs.
import type { RotationRecord } from '../../store/epoch-store.ts';
import type { Fleet } from '../fleet.ts';
import type { AgentEpochs } from './agent-epochs.ts';
import type { Announcer } from './announcer.ts';
import { confirmationsDigest } from './confirmations-digest.ts';
import { type Judgement, judgeFleet } from './judge-fleet.ts';

export interface FleetProofsParts {
  fleet: Pick<Fleet, 'agent' | 'agents'>;
  agents: Pick<AgentEpochs, 'of'>;
  announcer: Pick<Announcer, 'live'>;
}

export class FleetProofs {
  readonly #parts: FleetProofsParts;

  constructor(parts: FleetProofsParts) {
    this.#parts = parts;
  }

  /** How far a rotation is from its end. */
  judge({ epoch, announcedAtUs }: RotationRecord): Judgement {
    const { fleet, agents } = this.#parts;
    return judgeFleet({ epoch, announcedAtUs, agents: fleet.agents(), proved: (id) => agents.of(id) });
  }

  /** Who may still need this epoch, or an older one; `rotation` is the running or last one. */
  judgeNeedOf(epoch: number, rotation: RotationRecord | undefined): Judgement {
    const { fleet, agents } = this.#parts;
    const announcedAtUs = rotation && rotation.epoch > epoch ? rotation.announcedAtUs : undefined;
    const proved = (id: string) => agents.of(id);
    return judgeFleet({ epoch: epoch + 1, announcedAtUs, agents: fleet.agents(), proved });
  }

  /** Who would be told first. Those that are connected, because a canary that does not answer says nothing. */
  chooseCanary(permille: number): string[] {
    if (permille === 0) return [];
    const agents = this.#parts.fleet.agents().filter(({ revokedAtUs }) => revokedAtUs === undefined);
    const wanted = Math.min(agents.length, Math.max(1, Math.round((agents.length * permille) / 1000)));
    const live = this.#parts.announcer.live();
    // By id, which is random: the choice favours nobody.
    const order = agents.map(({ id }) => id).sort();
    return [...order.filter((id) => live.has(id)), ...order.filter((id) => !live.has(id))].slice(0, wanted);
  }

  /** Whether every member of a canary that still belongs to the fleet has proved the epoch. */
  hasCanaryConfirmed({ canaryAgents, epoch }: RotationRecord): boolean {
    const { fleet, agents } = this.#parts;
    return canaryAgents.every((id) => {
      const agent = fleet.agent(id);
      return !agent || agent.revokedAtUs !== undefined || (agents.of(id)?.epoch ?? 0) >= epoch;
    });
  }

  /** Over the confirmations of this epoch, for the audit log. */
  digest(epoch: number): string {
    const { fleet, agents } = this.#parts;
    const proved = fleet.agents().flatMap(({ id }) => agents.of(id) ?? []);
    return confirmationsDigest(proved.filter((record) => record.epoch >= epoch));
  }
}
