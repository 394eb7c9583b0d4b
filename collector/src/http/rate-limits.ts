// How much each address and each caller may ask. Counted where a RateStore says: in this process, or for all collectors.
import { networkOf } from '../access/network.ts';
import { ProblemError } from './problem.ts';

/** So many at once, and so many a second after that. */
export interface Allowance {
  burst: number;
  perSecond: number;
}

export interface RateVerdict {
  allowed: boolean;
  /** After which the same would be allowed. */
  retryAfterMs: number;
}

/** Keeps what was used of each allowance. One that cannot say refuses nothing: a limit is no reason to fail. */
export interface RateStore {
  take(key: string, cost: number, allowance: Allowance): Promise<RateVerdict>;
}

/** Before anybody is known: of one address, behind which many may be. */
const ADDRESS: Allowance = { burst: 400, perSecond: 200 };
/** Of one user or token. A script may ask 1,000 a second of a collector for itself. */
const CALLER: Allowance = { burst: 2_000, perSecond: 1_000 };
/** Tokens and passwords that were wrong, of one address. */
const FAILURES: Allowance = { burst: 20, perSecond: 0.2 };

export class RateLimits {
  readonly #store: RateStore;
  readonly #allowances: { address: Allowance; caller: Allowance; failures: Allowance };

  constructor(store: RateStore, allowances: { address?: Allowance; caller?: Allowance; failures?: Allowance } = {}) {
    this.#store = store;
    this.#allowances = { address: ADDRESS, caller: CALLER, failures: FAILURES, ...allowances };
  }

  takeOfAddress(address: string, cost: number): Promise<void> {
    return this.#take(`address ${networkOf(address)}`, cost, this.#allowances.address);
  }

  takeOfCaller(id: string, cost: number): Promise<void> {
    return this.#take(`caller ${id}`, cost, this.#allowances.caller);
  }

  /** Counts something wrong that was shown, and refuses where there was too much of it. */
  failedFrom(address: string): Promise<void> {
    return this.#take(`failures ${networkOf(address)}`, 1, this.#allowances.failures);
  }

  async #take(key: string, cost: number, allowance: Allowance): Promise<void> {
    const { allowed, retryAfterMs } = await this.#store.take(key, cost, allowance);
    if (allowed) return;
    const retryAfterS = Math.max(1, Math.ceil(retryAfterMs / 1000));
    throw new ProblemError('rate_limited', `too many requests; try again in ${retryAfterS} s`, { retryAfterS });
  }
}

/** Keys kept; those that have used nothing lately go first. */
const KEYS_MAX = 65_536;

/**
 * In this process. Form: for each key the time at which all of its allowance is there again (generic cell rate algorithm,
 * ITU-T I.371). Invariant: at most KEYS_MAX keys, the least recently used first.
 */
export class MemoryRateStore implements RateStore {
  readonly #fullAtMs = new Map<string, number>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async take(key: string, cost: number, { burst, perSecond }: Allowance): Promise<RateVerdict> {
    const nowMs = this.#nowMs();
    const eachMs = 1000 / perSecond;
    const before = Math.max(this.#fullAtMs.get(key) ?? 0, nowMs);
    const after = before + cost * eachMs;
    const overMs = after - nowMs - burst * eachMs;
    if (overMs > 0) return { allowed: false, retryAfterMs: overMs };
    this.#fullAtMs.delete(key);
    this.#fullAtMs.set(key, after);
    if (this.#fullAtMs.size > KEYS_MAX) this.#fullAtMs.delete(this.#fullAtMs.keys().next().value!);
    return { allowed: true, retryAfterMs: 0 };
  }
}
