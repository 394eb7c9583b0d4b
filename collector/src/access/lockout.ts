// What wrong passwords cost. Counted by name and network, and by name alone for those who come from everywhere; the same for
// names nobody has, so that waiting tells nothing.
import { AccessError } from './access-error.ts';
import type { WrongCounts } from './wrong-counts.ts';

/** Wrong ones before the first wait. Of one name from everywhere more, or anybody could lock out anybody. */
const FREE = { fromOne: 5, fromAll: 50 };
const WAIT_MS_MIN = 1_000;
const WAIT_MS_MAX = 15 * 60_000;

export class Lockout {
  readonly #counts: WrongCounts;

  constructor(counts: WrongCounts) {
    this.#counts = counts;
  }

  /** Throws AccessError `locked` where the next try has to wait. */
  async check(name: string, network: string): Promise<void> {
    const [fromOne, fromAll] = await Promise.all([
      this.#waitMs(oneKey(name, network), FREE.fromOne),
      this.#waitMs(allKey(name), FREE.fromAll),
    ]);
    const waitMs = Math.max(fromOne, fromAll);
    if (waitMs <= 0) return;
    const retryAfterS = Math.ceil(waitMs / 1000);
    throw new AccessError('locked', `too many wrong passwords; try again in ${retryAfterS} s`, { retryAfterS });
  }

  async failed(name: string, network: string): Promise<void> {
    await Promise.all([this.#counts.add(oneKey(name, network)), this.#counts.add(allKey(name))]);
  }

  /** Forgets what came from this network. What came from elsewhere goes on counting. */
  succeeded(name: string, network: string): Promise<void> {
    return this.#counts.forget(oneKey(name, network));
  }

  async #waitMs(key: string, free: number): Promise<number> {
    const { wrong, ageMs } = await this.#counts.read(key);
    if (wrong < free) return 0;
    return Math.min(WAIT_MS_MIN * 2 ** (wrong - free), WAIT_MS_MAX) - ageMs;
  }
}

const oneKey = (name: string, network: string) => `${name} from ${network}`;
const allKey = (name: string) => name;
