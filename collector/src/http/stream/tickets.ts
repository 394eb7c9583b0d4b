// A browser cannot send a header with a WebSocket: it shows a ticket instead, bought with one just before, good once.
import { randomBytes } from 'node:crypto';
import type { Caller } from '../../access/caller.ts';

export const TICKET_SECONDS = 30;
const TICKETS_MAX = 4_096;

/** Form: #sold by ticket, the oldest first, at most TICKETS_MAX. */
export class StreamTickets {
  readonly #sold = new Map<string, { caller: Caller; untilMs: number }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  sell(caller: Caller): string {
    const ticket = randomBytes(24).toString('base64url');
    this.#sold.set(ticket, { caller, untilMs: this.#nowMs() + TICKET_SECONDS * 1000 });
    if (this.#sold.size > TICKETS_MAX) this.#sold.delete(this.#sold.keys().next().value!);
    return ticket;
  }

  /** Who bought it; undefined where nobody did, it was shown before, or too late. */
  redeem(ticket: string): Caller | undefined {
    const sold = this.#sold.get(ticket);
    this.#sold.delete(ticket);
    return sold && this.#nowMs() < sold.untilMs ? sold.caller : undefined;
  }
}
