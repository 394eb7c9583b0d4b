// An agent that is here, was told of the new epoch and does not sign for it: broken, or not what it says it is.
//
// Invariant: an agent is reported once for an epoch.
import type { AgentRecord } from '../../store/fleet-record.ts';
import type { Announcer } from './announcer.ts';
import type { EpochLedger } from './epoch-ledger.ts';
import type { FleetProofs } from './fleet-proofs.ts';
import { isRunning } from './rotation-steps.ts';

/** An agent confirms within a second; one under load, or that has a spool to seal anew, within minutes. */
const UNCONFIRMED_US_MAX = 10 * 60 * 1_000_000;
const CHECK_MS = 10_000;

export interface UnconfirmedWatchParts {
  ledger: Pick<EpochLedger, 'rotation'>;
  proofs: Pick<FleetProofs, 'judge'>;
  announcer: Pick<Announcer, 'live' | 'toldSinceUs'>;
  nowUs: () => number;
  unconfirmed: (agent: AgentRecord, told: { epoch: number; toldAtUs: number }) => void;
}

export class UnconfirmedWatch implements Disposable {
  readonly #parts: UnconfirmedWatchParts;
  readonly #timer: NodeJS.Timeout;
  readonly #reported = new Set<string>();

  constructor(parts: UnconfirmedWatchParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.check(), CHECK_MS);
    this.#timer.unref();
  }

  check(): void {
    const { ledger, proofs, announcer, nowUs, unconfirmed } = this.#parts;
    const { rotation } = ledger;
    if (!isRunning(rotation) || rotation.paused) {
      this.#reported.clear();
      return;
    }
    const { epoch } = rotation;
    const live = announcer.live();
    for (const { agent, for: missing } of proofs.judge(rotation).waiting) {
      const toldAtUs = announcer.toldSinceUs(agent.id, epoch);
      if (missing !== 'confirmation' || toldAtUs === undefined || !live.has(agent.id)) continue;
      if (nowUs() - toldAtUs < UNCONFIRMED_US_MAX || this.#reported.has(agent.id)) continue;
      this.#reported.add(agent.id);
      unconfirmed(agent, { epoch, toldAtUs });
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
