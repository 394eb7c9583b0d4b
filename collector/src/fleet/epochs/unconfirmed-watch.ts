// An agent that is here, was told of the new epoch and does not sign for it: broken, or not what it says it is.
//
// Invariant: an agent is reported once for an epoch.
import type { AgentRecord } from '../../store/store.ts';
import type { Announcer } from './announcer.ts';
import type { Epochs } from './epochs.ts';

/** An agent confirms within a second; one under load, or that has a spool to seal anew, within minutes. */
const UNCONFIRMED_US_MAX = 10 * 60 * 1_000_000;
const CHECK_MS = 10_000;

export class UnconfirmedWatch implements Disposable {
  readonly #timer: NodeJS.Timeout;
  readonly #reported = new Set<string>();

  constructor(parts: {
    epochs: Pick<Epochs, 'rotation' | 'judge'>;
    announcer: Announcer;
    nowUs: () => number;
    unconfirmed: (agent: AgentRecord, told: { epoch: number; toldAtUs: number }) => void;
  }) {
    this.#timer = setInterval(() => {
      const { epochs, announcer, nowUs } = parts;
      const { rotation } = epochs;
      if (!rotation || rotation.endedAtUs !== undefined || rotation.paused) {
        this.#reported.clear();
        return;
      }
      const { epoch } = rotation;
      const live = announcer.live();
      for (const { agent, for: missing } of epochs.judge(rotation).waiting) {
        const toldAtUs = announcer.toldSinceUs(agent.id, epoch);
        if (missing !== 'confirmation' || toldAtUs === undefined || !live.has(agent.id)) continue;
        if (nowUs() - toldAtUs < UNCONFIRMED_US_MAX || this.#reported.has(agent.id)) continue;
        this.#reported.add(agent.id);
        parts.unconfirmed(agent, { epoch, toldAtUs });
      }
    }, CHECK_MS);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
