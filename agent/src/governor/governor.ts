// Keeps the agent within its share of the host: measures what it uses, says which events are worth their work, and how much
// slower polls are to be. Nothing that changes an account, a right or a login is ever turned away.
import type { HostEvent, SensorHealth } from '@threatguard/proto';
import { shedValue } from '../batch/urgent.ts';
import { AVERAGED_OVER_MS, CpuBudget } from './cpu-budget.ts';

/** How often use is booked: a burst runs at most this long before it is noticed. */
const BOOK_EVERY_MS = 1000;
const MIB = 1024 * 1024;
const SHED_NAMES = ['host samples', 'closed connections', 'ends of processes', 'ordinary processes and connections'];

export interface GovernorParts {
  /** Of one core, averaged over five minutes. */
  cpuPercent: number;
  nowMs: () => number;
  /** CPU this process has used so far. */
  cpuMs: () => number;
}

export class Governor implements Disposable {
  readonly #parts: GovernorParts;
  readonly #budget: CpuBudget;
  readonly #timer: NodeJS.Timeout;
  #atMs: number;
  #cpuMs: number;

  constructor(parts: GovernorParts) {
    this.#parts = parts;
    this.#budget = new CpuBudget(parts.cpuPercent);
    this.#atMs = parts.nowMs();
    this.#cpuMs = parts.cpuMs();
    this.#timer = setInterval(() => this.book(), BOOK_EVERY_MS).unref();
  }

  /** Books what was used since the last time. */
  book(): void {
    const [nowMs, cpuMs] = [this.#parts.nowMs(), this.#parts.cpuMs()];
    this.#budget.book(cpuMs - this.#cpuMs, nowMs - this.#atMs);
    this.#atMs = nowMs;
    this.#cpuMs = cpuMs;
  }

  /** Whether the event is worth its work now. */
  admits(event: HostEvent): boolean {
    const { shedBelow } = this.#budget.thrift;
    return shedBelow === 0 || shedValue(event) >= shedBelow;
  }

  /** How many times longer than usual a poll is to wait; 1 or more. */
  get pace(): number {
    return this.#budget.thrift.pace;
  }

  /** The agent itself as one more sensor of `agents show`. */
  health(): SensorHealth {
    const { shedBelow } = this.#budget.thrift;
    const used = `${this.#budget.usedPercent.toFixed(1)} % of a core over ${AVERAGED_OVER_MS / 60_000} min`;
    const use = `${used} (ceiling ${this.#parts.cpuPercent} %), ${Math.round(process.memoryUsage.rss() / MIB)} MiB`;
    if (shedBelow === 0) return { sensor: 'agent', source: 'self', state: 'running', detail: use, events: 0 };
    const shed = SHED_NAMES.slice(0, shedBelow).join(', ');
    const advice = 'allow it more with limits.cpuPercent in agent.yaml';
    const detail = `${use}: it sheds ${shed} to stay within; ${advice}`;
    return { sensor: 'agent', source: 'self', state: 'degraded', detail, events: 0 };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
