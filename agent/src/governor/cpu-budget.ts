// The agent's share of the host's processors, as an account: it earns its percentage of one core as time passes, up to what
// AVERAGED_OVER_MS earn, and spends what it uses. A quiet agent so affords a burst, and on average never more than its share.
// Pure: time and use come in as arguments.

/** A burst of a thousand execs a second for two minutes is paid from what quiet hours left. */
export const AVERAGED_OVER_MS = 5 * 60_000;

/** What is done at which part of the account left; from the first that applies downwards. */
const STEPS = [
  { below: 0.5, shedBelow: 1, pace: 2 }, // host samples
  { below: 0.35, shedBelow: 2, pace: 4 }, // closed connections
  { below: 0.2, shedBelow: 3, pace: 4 }, // ordinary exits
  { below: 0.05, shedBelow: 5, pace: 8 }, // ordinary execs, opened connections, DNS
] as const;
/** A step once taken is left when this much more has been earned, so that it does not flicker. */
const HYSTERESIS = 0.02;
/** Debt beyond this part is forgiven: what cannot be shed (logins) must not blind the agent for hours after. */
const DEBT_MAX = 0.2;

export interface Thrift {
  /** Events whose shedValue is less than this are not admitted; 0 where all are. */
  shedBelow: number;
  /** How many times longer polls wait. */
  pace: number;
}

const NO_THRIFT: Thrift = { shedBelow: 0, pace: 1 };

export class CpuBudget {
  readonly #percent: number;
  readonly #fullMs: number;
  #leftMs: number;
  /** Steps in force: 0 to STEPS.length. */
  #steps = 0;
  #usedPercent = 0;

  /** `percent` of one core. The account begins full. */
  constructor(percent: number) {
    this.#percent = percent;
    this.#fullMs = (AVERAGED_OVER_MS * percent) / 100;
    this.#leftMs = this.#fullMs;
  }

  /** Books `cpuMs` used while `elapsedMs` passed. */
  book(cpuMs: number, elapsedMs: number): void {
    if (elapsedMs <= 0) return;
    const left = this.#leftMs + (elapsedMs * this.#percent) / 100 - cpuMs;
    this.#leftMs = Math.min(this.#fullMs, Math.max(-DEBT_MAX * this.#fullMs, left));
    const weight = Math.min(1, elapsedMs / AVERAGED_OVER_MS);
    this.#usedPercent += weight * ((100 * cpuMs) / elapsedMs - this.#usedPercent);
    const share = this.#leftMs / this.#fullMs;
    while (this.#steps < STEPS.length && share < STEPS[this.#steps]!.below) this.#steps++;
    while (this.#steps > 0 && share >= STEPS[this.#steps - 1]!.below + HYSTERESIS) this.#steps--;
  }

  get thrift(): Thrift {
    return STEPS[this.#steps - 1] ?? NO_THRIFT;
  }

  /** Of one core, averaged (exponentially) over AVERAGED_OVER_MS. */
  get usedPercent(): number {
    return this.#usedPercent;
  }
}
