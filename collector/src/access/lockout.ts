// What wrong passwords cost. Counted by name and network, and by name alone for those who come from everywhere; the same for
// names nobody has, so that waiting tells nothing. In memory: a restart forgets it.
import { AccessError } from './access-error.ts';

/** Wrong ones before the first wait. Of one name from everywhere more, or anybody could lock out anybody. */
const FREE = { fromOne: 5, fromAll: 50 };
const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 15 * 60_000;
/** After which wrong ones are forgotten. */
const FORGOTTEN_MS = 24 * 3_600_000;
const KEYS_MAX = 20_000;

interface Count {
  wrong: number;
  lastAtMs: number;
}

/** Form: #counts by key, the one that changed last at the end; at most KEYS_MAX, the oldest go first. */
export class Lockout {
  readonly #counts = new Map<string, Count>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Throws AccessError `locked` where the next try has to wait. */
  check(name: string, network: string): void {
    const waitMs = Math.max(
      this.#waitMs(oneKey(name, network), FREE.fromOne),
      this.#waitMs(allKey(name), FREE.fromAll),
    );
    if (waitMs <= 0) return;
    const retryAfterS = Math.ceil(waitMs / 1000);
    throw new AccessError('locked', `too many wrong passwords; try again in ${retryAfterS} s`, { retryAfterS });
  }

  failed(name: string, network: string): void {
    this.#add(oneKey(name, network));
    this.#add(allKey(name));
  }

  /** Forgets what came from this network. What came from elsewhere goes on counting. */
  succeeded(name: string, network: string): void {
    this.#counts.delete(oneKey(name, network));
  }

  #waitMs(key: string, free: number): number {
    const count = this.#counts.get(key);
    if (!count || count.wrong < free) return 0;
    const waitMs = Math.min(WAIT_MS_MIN * 2 ** (count.wrong - free), WAIT_MS_MAX);
    return count.lastAtMs + waitMs - this.#nowMs();
  }

  #add(key: string): void {
    const nowMs = this.#nowMs();
    const before = this.#counts.get(key);
    const wrong = before && nowMs - before.lastAtMs < FORGOTTEN_MS ? before.wrong + 1 : 1;
    this.#counts.delete(key);
    this.#counts.set(key, { wrong, lastAtMs: nowMs });
    if (this.#counts.size > KEYS_MAX) this.#counts.delete(this.#counts.keys().next().value!);
  }
}

const oneKey = (name: string, network: string) => `${name} from ${network}`;
const allKey = (name: string) => name;
