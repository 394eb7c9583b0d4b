// Which events of the kernel's audit never came. Each has a number, one more than the one before (audit_serial in the kernel's
// kernel/audit.c), whoever caused it; processors that write at once deliver them a little out of order. What the kernel refused
// before it had a number is in its own count (`lost` of auditctl -s) and leaves no gap here, so the two add up.
//
// `#gaps` are the numbers passed over and not come since, lowest first.

/** Distinct gaps waited for; a socket that runs over makes one, out-of-order delivery one for each processor. */
const GAPS_MAX = 1024;
/** The number is 32 bits wide and begins again after that. */
const SERIALS = 2 ** 32;

interface Gap {
  from: number;
  to: number;
  sinceMs: number;
}

export class SerialGaps {
  #next: number | undefined;
  #gaps: Gap[] = [];
  #overdue = 0;

  /** An event with this number came, or a part of it. */
  see(serial: number, nowMs: number): void {
    const ahead = this.#next === undefined ? 0 : (serial - this.#next + SERIALS) % SERIALS;
    if (ahead >= SERIALS / 2) {
      this.#fill(serial);
      return;
    }
    if (ahead > 0) this.#open({ from: this.#next!, to: (serial - 1 + SERIALS) % SERIALS, sinceMs: nowMs });
    this.#next = (serial + 1) % SERIALS;
  }

  /** How many were passed over before this moment and have not come; they are told once. */
  take(beforeMs: number): number {
    let count = this.#overdue;
    this.#overdue = 0;
    while (this.#gaps[0] && this.#gaps[0].sinceMs < beforeMs) count += size(this.#gaps.shift()!);
    return count;
  }

  #open(gap: Gap): void {
    this.#gaps.push(gap);
    if (this.#gaps.length > GAPS_MAX) this.#overdue += size(this.#gaps.shift()!);
  }

  #fill(serial: number): void {
    const at = this.#gaps.findIndex((gap) => (serial - gap.from + SERIALS) % SERIALS < size(gap));
    if (at < 0) return;
    const { from, to, sinceMs } = this.#gaps[at]!;
    const below = { from, to: (serial - 1 + SERIALS) % SERIALS, sinceMs };
    const above = { from: (serial + 1) % SERIALS, to, sinceMs };
    this.#gaps.splice(at, 1, ...(serial === from ? [] : [below]), ...(serial === to ? [] : [above]));
  }
}

function size({ from, to }: Gap): number {
  return ((to - from + SERIALS) % SERIALS) + 1;
}
